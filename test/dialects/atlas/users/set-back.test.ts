import { describe, expect, test } from 'vitest'
import type { Parts } from '../../../../src/app.ts'
import type { Operation } from '../../../../src/domain/operations/operation.ts'
import { type Clocks, later, withClocks } from '../../../support/clocks.ts'
import { anotherProject, aPerson } from '../../../support/people.ts'
import { heal, hungUp, says, type Trouble, trouble } from '../../../support/troubled.ts'
import { groundWith, onServer, rolesOn, SHOP, textOf, VAULT } from './behind.ts'
import { aUser, loginsOn, passwordOf, until, userPath, usersPath } from './ground.ts'

const MINUTE = 60_000

/** Clusters that give trouble, and clocks that go ahead, when a test wants it. */
function aheadAndTroubled() {
  const mine: Trouble = trouble()
  const clocks: Clocks = { store: 0, engine: 0 }
  const ahead = withClocks(clocks)
  return { mine, clocks, parts: (real: Parts) => mine.parts(ahead(real)) }
}

describe('where roles are set back', () => {
  const { mine, clocks, parts } = aheadAndTroubled()
  const { held, v1, make, grant, comesTo, looksPass, operationsOf } = groundWith('revert', { parts })
  const lastOf = async (name: string) => (await operationsOf(name))[0]!
  const native: typeof held.ground.atlas.running.native = (...asked) => held.ground.atlas.running.native(...asked)

  test('a user is set back once a minute at most, and again after that', async () => {
    const { east } = held.ground
    await make('restless')
    await grant(east, 'restless', VAULT)
    await comesTo(east, 'restless', [SHOP])
    await grant(east, 'restless', VAULT)
    await looksPass()
    expect(await rolesOn(east, 'restless')).toEqual([SHOP, VAULT].map(textOf))
    later(clocks, MINUTE)
    await comesTo(east, 'restless', [SHOP])
    expect((await operationsOf('restless')).filter(({ operatorId }) => operatorId === 'rolecall')).toHaveLength(2)
  }, 90_000)

  test('what an operator gave up is not begun again, until somebody changes the user', async () => {
    const { east } = held.ground
    await make('given_up')
    mine.around = (step, run) => (says(step, '"updateUser":"given_up"') ? Promise.reject(hungUp()) : run(step))
    await grant(east, 'given_up', VAULT)
    const stuck = await until(
      () => lastOf('given_up'),
      ({ operatorId, nextTryAt, attempts }) => operatorId === 'rolecall' && nextTryAt !== undefined && attempts > 1,
    )
    expect([stuck.operatorId, stuck.state]).toEqual(['rolecall', 'open'])
    const { project } = held.ground.atlas.running
    const given = await native('POST', `/projects/${project}/operations/${stuck.id}/abandon`)
    expect(given.status, given.text).toBe(200)
    heal(mine)
    later(clocks, MINUTE)
    await looksPass()
    expect((await lastOf('given_up')).id).toBe(stuck.id)
    expect(await rolesOn(east, 'given_up')).toEqual([SHOP, VAULT].map(textOf))
    const roles = [{ databaseName: 'vault', roleName: 'read' }]
    expect((await v1('PATCH', userPath('given_up'), { body: { roles } })).status).toBe(200)
    await grant(east, 'given_up', SHOP)
    await comesTo(east, 'given_up', [VAULT])
  }, 90_000)

  test('a user that is locked on a cluster gets nothing back there, and what it is to have once it is unlocked', async () => {
    const { east } = held.ground
    await make('locked')
    const at = (what: string) => `/instances/${east.instance}/users/locked/${what}?authDatabase=admin`
    const locked = await native('POST', at('lock'))
    expect(locked.status, locked.text).toBe(200)
    await looksPass()
    expect(await rolesOn(east, 'locked')).toEqual([])
    expect((await lastOf('locked')).targets[0]!.kind).toBe('lock-user')
    expect((await native('POST', at('unlock'))).status).toBe(200)
    await comesTo(east, 'locked', [SHOP])
  }, 60_000)

  test('a user whose time is over, and that could be locked and not dropped, stays without its roles', async () => {
    const { east, west } = held.ground
    mine.around = (step, run) => (says(step, '"dropUser":"over"') ? Promise.reject(hungUp()) : run(step))
    const deleteAfterDate = new Date(Date.now() + clocks.store + 4_000).toISOString()
    const made = await v1('POST', usersPath, { body: aUser('over', { deleteAfterDate }) })
    expect(made.status, made.text).toBe(201)
    for (const cluster of [east, west]) await comesTo(cluster, 'over', [])
    await looksPass()
    for (const cluster of [east, west]) {
      expect(await loginsOn(cluster)).toContain('over')
      expect(await rolesOn(cluster, 'over')).toEqual([])
    }
    heal(mine)
    for (const cluster of [east, west]) {
      const logins = await until(
        () => loginsOn(cluster),
        found => !found.includes('over'),
      )
      expect(logins).not.toContain('over')
    }
  }, 90_000)

  test('what others gave goes also where what they took is not to be had any more, and that is not tried for ever', async () => {
    const { east } = held.ground
    const resources = [{ db: 'shop', collection: 'orders' }]
    const auditor = { roleName: 'auditor', actions: [{ action: 'FIND', resources }] }
    const role = await v1('POST', '/customDBRoles/roles', { body: auditor })
    expect(role.status, role.text).toBe(202)
    const roles = [
      { databaseName: 'shop', roleName: 'readWrite' },
      { databaseName: 'admin', roleName: 'auditor' },
    ]
    const made = await v1('POST', usersPath, { body: aUser('bereft', { roles }) })
    expect(made.status, made.text).toBe(201)
    await grant(east, 'bereft', VAULT)
    await onServer(east, { revokeRolesFromUser: 'bereft', roles: ['auditor'] })
    await onServer(east, { dropRole: 'auditor' })
    const isRefused = ({ operatorId, state, targets }: Operation) =>
      operatorId === 'rolecall' && state === 'settled' && !targets[0]!.outcome
    expect(isRefused(await until(() => lastOf('bereft'), isRefused))).toBe(true)
    later(clocks, MINUTE)
    await comesTo(east, 'bereft', [SHOP])
    // The whole once more, and then no more.
    later(clocks, MINUTE)
    expect(isRefused(await until(() => lastOf('bereft'), isRefused))).toBe(true)
    const before = await operationsOf('bereft')
    later(clocks, MINUTE)
    await looksPass()
    expect(await operationsOf('bereft')).toHaveLength(before.length)
  }, 120_000)

  test('a login that another project has for itself on the same server keeps what it was given', async () => {
    const { east, atlas } = held.ground
    const { app } = atlas.running
    await make('theirs_too')
    const project = await anotherProject(app.store)
    const { key } = await aPerson(app.store, project, 'owner')
    const login = { username: 'theirs_too', password: passwordOf('theirs_too'), database: 'admin' }
    const coordinates = { engine: 'mongodb', host: 'localhost', port: east.door.port, name: 'of strangers' }
    const added = await native('POST', `/projects/${project}/connections`, { key, body: { ...coordinates, ...login } })
    expect(added.status, added.text).toBe(201)
    const tested = await native('POST', `/connections/${added.body.id}/test`, { key })
    expect(tested.status, tested.text).toBe(200)
    await grant(east, 'theirs_too', VAULT)
    await looksPass()
    expect(await rolesOn(east, 'theirs_too')).toEqual([SHOP, VAULT].map(textOf))
  }, 60_000)

  test('roles of every kind are seen as they were asked for, and nothing is set back', async () => {
    const onAdmin = ['atlasAdmin', 'readWriteAnyDatabase', 'readAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor']
    const more = ['backup', 'enableSharding', 'killOpSession', 'autoCompact', 'manageShardBalancer']
    const roles = [
      ...[...onAdmin, ...more].map(roleName => ({ databaseName: 'admin', roleName })),
      ...['read', 'readWrite', 'dbAdmin'].map(roleName => ({ databaseName: 'shop', roleName })),
      ...['read', 'readWrite'].map(roleName => ({ databaseName: 'shop', roleName, collectionName: 'a.b c' })),
    ]
    const made = await v1('POST', usersPath, { body: aUser('everything', { roles }) })
    expect(made.status, made.text).toBe(201)
    await looksPass()
    expect((await operationsOf('everything')).map(({ operatorId }) => operatorId)).not.toContain('rolecall')
  }, 60_000)
})

describe('where roles are set back, and a change waits for a cluster that is away', () => {
  const flags = { '--atlas-partial-failure': 'eventual' }
  const { held, v1, make, grant, comesTo, operationsOf } = groundWith('revert', { flags })

  test('they are set back on the others meanwhile', async () => {
    const { east, west } = held.ground
    await make('waited_for')
    await west.door.refuse()
    const patched = await v1('PATCH', userPath('waited_for'), { body: { password: 'teal-Harbor-anew' } })
    expect(patched.status, patched.text).toBe(200)
    await grant(east, 'waited_for', VAULT)
    await comesTo(east, 'waited_for', [SHOP]).finally(() => west.door.comeBack())
  }, 90_000)

  test('a login that others dropped meanwhile, and made again after that, is theirs', async () => {
    const { east, west } = held.ground
    await make('replaced')
    await comesTo(west, 'replaced', [SHOP])
    await west.door.refuse()
    const patched = await v1('PATCH', userPath('replaced'), { body: { password: 'teal-Harbor-anew' } })
    expect(patched.status, patched.text).toBe(200)
    await onServer(west, { dropUser: 'replaced' })
    await west.door.comeBack()
    const [last] = await until(
      () => operationsOf('replaced'),
      ([one]) => one!.state !== 'open',
    )
    expect(last!.state).toBe('settled')
    await onServer(west, { createUser: 'replaced', pwd: 'made-by-others-1', roles: [VAULT] })
    expect((await v1('DELETE', userPath('replaced'))).status).toBe(204)
    expect(await loginsOn(east)).not.toContain('replaced')
    expect(await loginsOn(west)).toContain('replaced')
    expect(await rolesOn(west, 'replaced')).toEqual([textOf(VAULT)])
  }, 90_000)
})
