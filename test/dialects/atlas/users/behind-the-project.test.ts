import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminOf, aUser, type Cluster, type Ground, twoClusters, until, userPath, usersPath } from './ground.ts'

interface ServerRole {
  readonly role: string
  readonly db: string
}

const SHOP = { role: 'readWrite', db: 'shop' }
const VAULT = { role: 'read', db: 'vault' }
/** What others do on a server itself. */
async function onServer(cluster: Cluster, command: Readonly<Record<string, unknown>>): Promise<void> {
  await using admin = await adminOf(cluster)
  await admin.db('admin').command(command)
}

async function rolesOn(cluster: Cluster, name: string): Promise<readonly string[]> {
  await using admin = await adminOf(cluster)
  const { users } = await admin.db('admin').command({ usersInfo: name })
  const roles: readonly ServerRole[] = users[0]?.roles ?? []
  const known = roles.filter(({ role }) => !role.startsWith('rolecall.'))
  return known.map(({ db, role }) => `${db}.${role}`).toSorted()
}

const textOf = ({ db, role }: ServerRole) => `${db}.${role}`

function groundWith(drift: string) {
  const held = {} as { ground: Ground }
  beforeAll(async () => {
    held.ground = await twoClusters({ flags: { '--atlas-drift': drift } })
  }, 120_000)
  afterAll(async () => {
    await held.ground?.[Symbol.asyncDispose]()
  })
  const v1: Ground['atlas']['v1'] = (...asked) => held.ground.atlas.v1(...asked)
  const make = async (name: string) => expect((await v1('POST', usersPath, { body: aUser(name) })).status).toBe(201)
  const grant = (on: Cluster, name: string, role: ServerRole) => onServer(on, { grantRolesToUser: name, roles: [role] })
  const comesTo = async (on: Cluster, name: string, roles: readonly ServerRole[]) => {
    const wanted = roles.map(textOf).toSorted()
    const isSo = (found: readonly string[]) => JSON.stringify(found) === JSON.stringify(wanted)
    expect(await until(() => rolesOn(on, name), isSo)).toEqual(wanted)
  }
  /** What was to be set back until now has been: of two looks the second began after this. */
  const looksPass = async () => {
    for (const name of ['first', 'second'].map(one => `${one}_${randomUUID().slice(0, 8)}`)) {
      await make(name)
      await grant(held.ground.west, name, VAULT)
      await comesTo(held.ground.west, name, [SHOP])
    }
  }
  const recordOf = async (name: string) => {
    const { app, project } = held.ground.atlas.running
    const record = await app.store.read.projectRecords.find(project, 'user', JSON.stringify([name, '', 'admin']))
    return record?.current?.roles
  }
  return { held, v1, make, grant, comesTo, looksPass, recordOf }
}

describe('roles that others changed on a cluster, where they are set back', () => {
  const { held, v1, make, grant, comesTo, looksPass } = groundWith('revert')

  test('go where they were given, power over the whole server included, come back where they were taken, and an operation tells of it', async () => {
    const { east, west, atlas } = held.ground
    await make('drifted')
    for (const role of [VAULT, { role: 'root', db: 'admin' }]) await grant(east, 'drifted', role)
    await onServer(west, { revokeRolesFromUser: 'drifted', roles: [SHOP] })
    await comesTo(east, 'drifted', [SHOP])
    await comesTo(west, 'drifted', [SHOP])
    const { app, project } = atlas.running
    const subject = { kind: 'user', key: JSON.stringify(['drifted', '', 'admin']) } as const
    const { items } = await app.store.read.operations.list({ projectId: project, subject }, { limit: 5 })
    expect([items[0]!.operatorId, items[0]!.targets[0]!.kind]).toEqual(['rolecall', 'replace-user'])
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
