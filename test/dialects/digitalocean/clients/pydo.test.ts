import { describe, expect, test } from 'vitest'
import { pydo } from '../../../support/digitalocean/pydo.ts'
import { logsIn } from '../../../support/logins.ts'
import { certificateContract, clustersContract, optionsContract, releaseContract } from './clusters-contract.ts'
import { databasesContract } from './databases-contract.ts'
import { aName, HTTPS, sqlOn, theClient } from './ground.ts'
import { addUser, resetContract, usersContract } from './users-contract.ts'

// It gives a bearer token to https alone.
const held = theClient(({ origin, token }) => pydo(origin, token, HTTPS['--tls-cert']), { flags: HTTPS })

usersContract(held)
resetContract(held)
databasesContract(held)
clustersContract(held)
optionsContract(held)
certificateContract(held)
releaseContract(held)

test('trap 8: a change of settings is the 201 that it wants, shows at once, and keeps the password', async () => {
  const { driver, cluster, server } = held
  const name = aName('changed')
  const { password } = await addUser(held, name)
  for (const pg_allow_replication of [true, false]) {
    const changed = await driver.changeUser(cluster, name, { pg_allow_replication })
    expect(changed).toEqual({ name, role: 'normal', settings: { pg_allow_replication }, rolecall: { managed: true } })
    const [role] = await sqlOn(server, 'select rolreplication as may from pg_roles where rolname = $1', [name])
    expect(role).toEqual({ may: pg_allow_replication })
    const read = (await driver.user(cluster, name)).settings
    expect(read).toEqual(pg_allow_replication ? { pg_allow_replication } : undefined)
  }
  expect(await logsIn(server, name, password!)).toBe(true)
  await driver.dropUser(cluster, name)
})

test('trap 9: a 404 comes back as data, in which nobody finds a user or a database', async () => {
  const { driver, cluster } = held
  for (const call of [driver.call('get_user', cluster, 'nobody'), driver.call('get', cluster, 'nothing')]) {
    const { result, kind } = await call
    expect([kind, result.id]).toEqual([undefined, 'not_found'])
    expect(Object.keys(result).toSorted()).toEqual(['id', 'message', 'request_id'])
  }
})

test('a server comes under management by one create that says where it is, and is known to the other APIs', async () => {
  const { driver, running, server } = held
  const { port, database, username, password } = server
  // The same server under another name is another instance.
  const rolecall = { host: 'localhost', port, database, username, password }
  const wish = { name: 'registered', engine: 'pg', region: 'here', size: 'byo', num_nodes: 1 }
  const { result } = await driver.call('create_cluster', { ...wish, rolecall })
  expect(result.database).toMatchObject({ ...wish, status: 'online', connection: { host: 'localhost', port } })
  const { id } = result.database
  expect((await running.native('GET', `/instances/${id}`)).body).toMatchObject({ slug: 'here' })
  const name = aName('registered')
  const added = await driver.addUser(id, name)
  running.heard(undefined, JSON.stringify(added))
  expect(await logsIn(server, name, added.password!)).toBe(true)
  await driver.dropUser(id, name)
  await driver.release(id)
})

describe('the calls around users and databases', () => {
  test.each([
    ['list_firewall_rules', { rules: [] }],
    ['list_backups', { backups: [] }],
    ['list_replicas', { replicas: [] }],
    ['list_events_logs', { events: [] }],
    ['list_connection_pools', { pools: [] }],
    ['get_config', { config: {} }],
    ['get_autoscale', { autoscale: { storage: { enabled: false } }, storage: { enabled: false } }],
  ])('%s answers what there is, which is nothing', async (method, answer) => {
    const { result } = await held.driver.call(method, held.cluster)
    expect(result).toMatchObject(answer)
  })

  test.each([
    ['update_firewall_rules', { rules: [] }],
    ['update_cluster_size', { size: 'byo', num_nodes: 1 }],
    ['update_autoscale', { storage: { enabled: false } }],
    ['install_update', undefined],
  ])('%s is taken where it changes nothing', async (method, body) => {
    const { driver, cluster } = held
    expect(await driver.call(method, cluster, ...(body ? [body] : []))).toMatchObject({ result: null })
  })

  test.each([
    ['update_firewall_rules', { rules: [{ type: 'ip_addr', value: '192.0.2.1' }] }],
    ['update_cluster_size', { size: 'db-s-2vcpu-4gb', num_nodes: 2 }],
    ['update_autoscale', { storage: { enabled: true, threshold_percent: 80, increment_gib: 10 } }],
    ['update_region', { region: 'nyc1' }],
    ['update_major_version', { version: '99' }],
    ['add_connection_pool', { name: 'pool', mode: 'session', size: 1, db: 'postgres' }],
    ['patch_config', { config: { jit: false } }],
    ['get_sql_mode', undefined],
    ['get_eviction_policy', undefined],
  ])('%s is refused where it would, or belongs to another engine', async (method, body) => {
    const { driver, cluster, traffic } = held
    const { result, body: raised = '{}' } = await driver.call(method, cluster, ...(body ? [body] : []))
    // Some of these it raises, and some it returns.
    expect((result ?? JSON.parse(raised)).id).toBe('unprocessable_entity')
    expect(traffic.at(-1)).toMatchObject({ status: 422, retryAfter: undefined })
  })

  test('region and version are taken as they are, and a maintenance window is kept', async () => {
    const { driver, cluster } = held
    const { region, version } = await driver.cluster(cluster)
    expect(await driver.call('update_region', cluster, { region })).toMatchObject({ result: null })
    expect(await driver.call('update_major_version', cluster, { version })).toMatchObject({ result: null })
    const window = { day: 'sunday', hour: '02:00' }
    expect(await driver.call('update_maintenance_window', cluster, window)).toMatchObject({ result: null })
    expect(await driver.cluster(cluster)).toMatchObject({ maintenance_window: { day: 'sunday', hour: '02:00:00' } })
  })
})

describe('names that others could not put into an address are reached by it', () => {
  test.each(['a/b', 'x#y', 'x?y', '100%', 'a b', 'ü'])('%j', async odd => {
    const { driver, cluster, server, traffic } = held
    const [name, near] = [`${aName('odd')} ${odd}`, aName('odd')]
    await sqlOn(server, `create role "${name}" login; create role "${near}" login password 'a-neighbour'`)
    traffic.length = 0
    expect((await driver.user(cluster, name)).name).toBe(name)
    await driver.dropUser(cluster, name)
    expect(traffic.at(-1)).toMatchObject({ url: `/v2/databases/${cluster}/users/${encodeURIComponent(name)}` })
    expect(await sqlOn(server, 'select rolname from pg_roles where rolname in ($1, $2)', [name, near])).toEqual([
      { rolname: near },
    ])
    await sqlOn(server, `drop role "${near}"`)
  })
})

test('trap 1: a user called ".." becomes the address of the cluster, which is nobody’s', async () => {
  const { driver, cluster, traffic } = held
  traffic.length = 0
  await expect(driver.dropUser(cluster, '..')).rejects.toMatchObject({ status: 404, id: 'not_found' })
  expect(traffic).toMatchObject([{ method: 'DELETE', url: `/v2/databases/${cluster}/`, status: 404 }])
})

describe('it repeats whatever has a Retry-After', () => {
  test('trap 7: a refusal has none, and is asked once', async () => {
    const { driver, cluster, server, traffic } = held
    traffic.length = 0
    const refused = [
      await driver.call('add_user', cluster, { name: server.username }),
      await driver.call('add_user', cluster, {}),
      await driver.call('add', cluster, { name: server.database }),
      await driver.call('reset_auth', cluster, 'nobody', {}),
      await driver.call('create_cluster', { name: 'x', engine: 'pg', region: 'nowhere', size: 'byo', num_nodes: 1 }),
    ]
    expect(refused.map(({ status, result }) => status ?? result.id)).toEqual([422, 422, 422, 'not_found', 422])
    expect(traffic.map(({ status, retryAfter }) => [status, retryAfter])).toEqual(
      [422, 422, 422, 404, 422].map(status => [status, undefined]),
    )
  })
})
