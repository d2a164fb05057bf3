import { describe, expect, test } from 'vitest'
import { dotsWrapper } from '../../../support/digitalocean/dots-wrapper.ts'
import { logsIn } from '../../../support/logins.ts'
import { clustersContract, optionsContract, releaseContract } from './clusters-contract.ts'
import { databasesContract } from './databases-contract.ts'
import { aName, sqlOn, theClient } from './ground.ts'
import { addUser, usersContract } from './users-contract.ts'

const held = theClient(({ origin, token }) => dotsWrapper(origin, token))

usersContract(held)
databasesContract(held)
clustersContract(held)
optionsContract(held)
releaseContract(held)

test('a user who may replicate is added with its setting', async () => {
  const { driver, cluster, server, running } = held
  const user_name = aName('replicates')
  const settings = { pg_allow_replication: true }
  const { status, data } = await driver.calls.createDatabaseClusterUser({
    database_cluster_id: cluster,
    user_name,
    settings,
  })
  running.heard(undefined, JSON.stringify(data))
  expect([status, data.user.settings]).toEqual([201, settings])
  const [role] = await sqlOn(server, 'select rolreplication from pg_roles where rolname = $1', [user_name])
  expect(role).toEqual({ rolreplication: true })
  await driver.dropUser(cluster, user_name)
})

test('trap 3: its JSON content type without a body is no fault, in a GET and in a DELETE', async () => {
  const { driver, cluster, traffic } = held
  const name = aName('typed')
  await addUser(held, name)
  traffic.length = 0
  await driver.user(cluster, name)
  await driver.dropUser(cluster, name)
  expect(traffic.map(({ method, contentType, status }) => [method, contentType, status])).toEqual([
    ['GET', expect.stringContaining('application/json'), 200],
    ['DELETE', expect.stringContaining('application/json'), 204],
  ])
})

test('what a hosted cluster has beside users is answered: pools, firewall rules, backups, replicas', async () => {
  const { calls } = held.driver
  const of = { database_cluster_id: held.cluster }
  expect((await calls.listConnectionPools(of)).data).toMatchObject({ pools: [] })
  expect((await calls.listDatabaseClusterFirewallRules(of)).data).toMatchObject({ rules: [] })
  expect((await calls.listDatabaseClusterBackups(of)).data).toMatchObject({ backups: [] })
  expect((await calls.listReadOnlyReplicas(of)).data).toMatchObject({ replicas: [] })
  const window = { ...of, day: 'sunday', hour: '02:00' }
  expect((await calls.configureDatabaseClusterMaintenanceWindow(window)).status).toBe(204)
  expect((await calls.resizeDatabaseCluster({ ...of, num_nodes: 1, size: 'byo' })).status).toBe(202)
  const larger = calls.resizeDatabaseCluster({ ...of, num_nodes: 3, size: 'db-s-2vcpu-4gb' })
  await expect(larger).rejects.toMatchObject({ response: { status: 422 } })
})

describe('what it pastes into addresses as it is', () => {
  test('trap 1: a user called ".." becomes the address of the cluster, which is nobody’s', async () => {
    const { driver, cluster, traffic } = held
    traffic.length = 0
    await expect(driver.dropUser(cluster, '..')).rejects.toMatchObject({ status: 404, id: 'not_found' })
    expect(traffic).toMatchObject([{ method: 'DELETE', url: `/v2/databases/${cluster}/`, status: 404 }])
  })

  test('trap 2: a name with a slash, a broken escape or a query reaches no user of another name', async () => {
    const { driver, cluster, server } = held
    const name = aName('pasted')
    const { password } = await addUser(held, name)
    await expect(driver.dropUser(cluster, `${name}/b`)).rejects.toMatchObject({ status: 404 })
    await expect(driver.dropUser(cluster, `${name}%zz`)).rejects.toMatchObject({ status: 404 })
    await expect(driver.dropUser(cluster, `x/../../users/${name}/`)).rejects.toMatchObject({ status: 404 })
    expect(await logsIn(server, name, password!)).toBe(true)
    await driver.dropUser(cluster, name)
  })
})
