import { expect, test } from 'vitest'
import { doWrapper } from '../../../support/digitalocean/do-wrapper.ts'
import { clustersContract } from './clusters-contract.ts'
import { theClient } from './ground.ts'
import { usersContract } from './users-contract.ts'

const held = theClient(({ origin, token }) => doWrapper(origin, token))

usersContract(held)
clustersContract(held)

test('a PostgreSQL cluster has no pools', async () => {
  const { driver, cluster } = held
  expect(await driver.calls.getAllPools(cluster)).toMatchObject({ pools: [] })
})

test('trap 1: a user called ".." becomes the address of the cluster, which is nobody’s', async () => {
  const { driver, cluster, traffic } = held
  traffic.length = 0
  await expect(driver.dropUser(cluster, '..')).rejects.toMatchObject({ status: 404, id: 'not_found' })
  expect(traffic).toMatchObject([{ method: 'DELETE', url: `/v2/databases/${cluster}/`, status: 404 }])
})
