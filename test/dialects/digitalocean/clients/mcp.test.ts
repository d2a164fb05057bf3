import { describe, expect, test } from 'vitest'
import { mcp } from '../../../support/digitalocean/mcp.ts'
import { logsIn } from '../../../support/logins.ts'
import { certificateContract, clustersContract, optionsContract, releaseContract } from './clusters-contract.ts'
import { aName, theClient } from './ground.ts'
import { addUser, usersContract } from './users-contract.ts'

// A real godo is inside.
const held = theClient(({ origin, token }) => mcp(origin, token))

usersContract(held)
clustersContract(held)
optionsContract(held)
certificateContract(held)
releaseContract(held)

test('trap 3: it is a godo, and its DELETE with a JSON content type and no body is no fault', async () => {
  const { driver, cluster, traffic } = held
  const name = aName('typed')
  await addUser(held, name)
  traffic.length = 0
  await driver.dropUser(cluster, name)
  expect(traffic).toMatchObject([
    { method: 'DELETE', contentType: 'application/json', userAgent: expect.stringContaining(' godo/'), status: 204 },
  ])
})

test('a change to no settings is answered with the user', async () => {
  const { driver, cluster, server } = held
  const name = aName('changed')
  const { password } = await addUser(held, name)
  expect(await driver.changeUser(cluster, name, {})).toMatchObject({ name, role: 'normal' })
  expect(await logsIn(server, name, password!)).toBe(true)
  await driver.dropUser(cluster, name)
})

test('settings of another engine are refused', async () => {
  const { driver, cluster } = held
  const name = aName('settings')
  const settings = { mongo_user_settings: { databases: ['a'], role: 'readOnly' } }
  const call = driver.call('db-cluster-create-user', { id: cluster, name, settings })
  await expect(call).rejects.toMatchObject({ status: 422 })
  await expect(driver.user(cluster, name)).rejects.toMatchObject({ status: 404 })
})

test('what a hosted cluster has beside users is answered: firewall rules, backups', async () => {
  const { driver, cluster } = held
  expect(JSON.parse(await driver.call('db-cluster-get-firewall-rules', { id: cluster }))).toEqual([])
  expect(JSON.parse(await driver.call('db-cluster-list-backups', { id: cluster }))).toEqual([])
})

describe('what it pastes into addresses as it is', () => {
  test('trap 1: a user called ".." becomes the address of the cluster, which is nobody’s', async () => {
    const { driver, cluster, traffic } = held
    traffic.length = 0
    await expect(driver.dropUser(cluster, '..')).rejects.toMatchObject({ status: 404 })
    expect(traffic).toMatchObject([{ method: 'DELETE', url: `/v2/databases/${cluster}/`, status: 404 }])
  })

  test('trap 2: a name with a slash or a broken escape reaches no user of another name', async () => {
    const { driver, cluster, server } = held
    const name = aName('pasted')
    const { password } = await addUser(held, name)
    await expect(driver.dropUser(cluster, `${name}/b`)).rejects.toMatchObject({ status: 404 })
    await expect(driver.dropUser(cluster, `${name}%zz`)).rejects.toThrow('invalid URL escape')
    await expect(driver.dropUser(cluster, `x/../../users/${name}/`)).rejects.toMatchObject({ status: 404 })
    expect(await logsIn(server, name, password!)).toBe(true)
    await driver.dropUser(cluster, name)
  })
})
