import { describe, expect, test } from 'vitest'
import { groundWith, onServer, rolesOn, type ServerRole, SHOP, textOf, VAULT } from './behind.ts'
import { until, userPath } from './ground.ts'

describe('roles that others changed on a cluster, where they are set back', () => {
  const { held, v1, make, grant, comesTo, looksPass, operationsOf } = groundWith('revert')

  test('go where they were given, power over the whole server included, come back where they were taken, and an operation tells of it', async () => {
    const { east, west } = held.ground
    await make('drifted')
    for (const role of [VAULT, { role: 'root', db: 'admin' }]) await grant(east, 'drifted', role)
    await onServer(west, { revokeRolesFromUser: 'drifted', roles: [SHOP] })
    await comesTo(east, 'drifted', [SHOP])
    await comesTo(west, 'drifted', [SHOP])
    const [last] = await operationsOf('drifted')
    expect([last!.operatorId, last!.targets[0]!.kind]).toEqual(['rolecall', 'replace-user'])
  }, 60_000)

  test('are set back on one that was away when it is there again', async () => {
    const { east } = held.ground
    await make('away')
    east.door.behave('hang')
    await grant(east, 'away', VAULT)
    await east.door.comeBack()
    await comesTo(east, 'away', [SHOP])
  }, 90_000)

  test('stay what the project asked for last, and those of logins that are none of it stay', async () => {
    const { east } = held.ground
    await make('moved')
    const roles = [{ databaseName: 'vault', roleName: 'read' }]
    expect((await v1('PATCH', userPath('moved'), { body: { roles } })).status).toBe(200)
    await onServer(east, { createUser: 'theirs', pwd: 'made-by-others-1', roles: [VAULT] })
    await grant(east, 'theirs', SHOP)
    await looksPass()
    expect(await rolesOn(east, 'moved')).toEqual([textOf(VAULT)])
    expect(await rolesOn(east, 'theirs')).toEqual([SHOP, VAULT].map(textOf))
  }, 60_000)
})

describe('roles that others changed on a cluster, where they are taken over', () => {
  const { held, make, grant, recordOf } = groundWith('adopt')
  const remembered = async (name: string, roles: readonly ServerRole[]) => {
    const wanted = roles.map(textOf)
    const isSo = (found: unknown) => JSON.stringify(found) === JSON.stringify(wanted)
    expect(await until(() => recordOf(name), isSo)).toEqual(wanted)
  }

  test('are what the project wants once all clusters agree, also on one that joins later', async () => {
    const { east, west } = held.ground
    for (const name of ['grown', 'half', 'mighty']) await make(name)
    await grant(east, 'half', VAULT)
    for (const cluster of [east, west]) {
      await grant(cluster, 'grown', VAULT)
      await grant(cluster, 'mighty', { role: 'root', db: 'admin' })
    }
    await remembered('grown', [SHOP, VAULT])
    // Of what one cluster has alone, and of what the project could never have asked for, nothing is taken over.
    expect(await recordOf('half')).toEqual([textOf(SHOP)])
    expect(await recordOf('mighty')).toEqual([textOf(SHOP)])
    const north = await held.ground.join('north')
    const has = async () => (await Promise.all(['grown', 'half', 'mighty'].map(name => rolesOn(north, name)))).flat()
    const wanted = [SHOP, VAULT, SHOP, SHOP].map(textOf)
    expect(await until(has, found => found.length === wanted.length)).toEqual(wanted)
    expect(await rolesOn(east, 'half')).toEqual([SHOP, VAULT].map(textOf))
  }, 90_000)

  test('are what the project wants no more where they were taken on all of them', async () => {
    const { east, west } = held.ground
    await make('less')
    for (const cluster of [east, west]) await onServer(cluster, { revokeRolesFromUser: 'less', roles: [SHOP] })
    await remembered('less', [])
  }, 60_000)
})
