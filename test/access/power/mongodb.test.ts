import { type Db, MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Atlas, anAtlas } from '../../dialects/atlas/atlas.ts'
import type { DigestKey } from '../../dialects/atlas/digest-client.ts'
import { aPerson } from '../../support/people.ts'
import { mongodbServers } from '../../support/servers.ts'

/** As on PostgreSQL: whoever may make logins, or give roles that lead everywhere, is changed by admins, and so are such roles. */
describe.skipIf(mongodbServers().length === 0)('power over MongoDB', () => {
  const { start } = mongodbServers()[0] ?? {}
  let client: MongoClient
  let db: Db
  let atlas: Atlas
  let users: string
  let editor: string
  let admin: string
  let editors: DigestKey
  let admins: DigestKey

  /** Roles by the login that has them. */
  const MIGHTY: Readonly<Record<string, readonly (string | { readonly role: string; readonly db: string })[]>> = {
    pw_root: ['root'],
    pw_giver: ['userAdminAnyDatabase'],
    pw_owner: [{ role: 'dbOwner', db: 'admin' }],
    pw_keeper: ['clusterAdmin'],
    pw_own: ['pw_chief'],
    pw_deputy: ['pw_second'],
    pw_writer: ['pw_scribe'],
  }
  const MODEST: Readonly<Record<string, readonly (string | { readonly role: string; readonly db: string })[]>> = {
    pw_plain: ['readWriteAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor', 'backup'],
    pw_local: [{ role: 'dbOwner', db: 'pw_shop' }],
    pw_reader: ['pw_modest'],
  }
  const everywhere = { db: '', collection: '' }
  const ROLES = [
    { createRole: 'pw_chief', privileges: [{ resource: everywhere, actions: ['grantRole'] }], roles: [] },
    { createRole: 'pw_second', privileges: [], roles: ['pw_chief'] },
    {
      createRole: 'pw_scribe',
      privileges: [{ resource: { db: 'admin', collection: 'system.users' }, actions: ['update'] }],
      roles: [],
    },
    { createRole: 'pw_modest', privileges: [{ resource: everywhere, actions: ['find', 'insert'] }], roles: ['read'] },
  ]

  beforeAll(async () => {
    const server = await start!()
    const { username, password } = server
    client = new MongoClient(`mongodb://${server.host}:${server.port}/?directConnection=true`, {
      auth: { username, password },
    })
    db = (await client.connect()).db('admin')
    atlas = await anAtlas()
    const { running } = atlas
    users = `/instances/${(await running.connect(server, { name: 'power' })).instance}/users`
    await clear()
    for (const role of ROLES) await db.command(role)
    for (const [createUser, roles] of Object.entries({ ...MIGHTY, ...MODEST }))
      await db.command({ createUser, pwd: `pw-of-${createUser}`, roles })
    editor = (await aPerson(running.app.store, running.project, 'editor')).key
    admin = (await aPerson(running.app.store, running.project, 'admin')).key
    editors = await atlas.aKey('editor')
    admins = await atlas.aKey('admin')
  })
  afterAll(async () => {
    await atlas?.[Symbol.asyncDispose]()
    await clear()
    await client?.close()
  })

  async function clear(): Promise<void> {
    const { users: there } = await db.command({ usersInfo: 1 })
    for (const { user } of there as { user: string }[]) if (user.startsWith('pw_')) await db.command({ dropUser: user })
    const { roles } = await db.command({ rolesInfo: 1 })
    for (const { role } of roles as { role: string }[])
      if (role.startsWith('pw_') || role.startsWith('rolecall.')) await db.command({ dropRole: role })
  }

  const ask = (method: 'POST' | 'PATCH' | 'DELETE', to: string, body: object | undefined, key: string) =>
    atlas.running.native(method, to, { body, key })
  const CHANGES = [
    ['POST', '/reset', {}],
    ['POST', '/unlock', undefined],
    ['PATCH', '', { engineRoles: ['admin.clusterMonitor', 'admin.root'] }],
    ['POST', '/lock', undefined],
    ['DELETE', '', undefined],
  ] as const

  test.each(Object.keys(MIGHTY))('is in no hands of editors by the Atlas API: %s', async name => {
    const path = `/databaseUsers/admin/${name}`
    const changed = await atlas.v2('PATCH', path, { body: { password: 'a-new-password-of-theirs' }, as: editors })
    expect([changed.status, changed.body.errorCode], changed.text).toEqual([403, 'ACCESS_FORBIDDEN'])
    const roles = [{ databaseName: 'pw_shop', roleName: 'read' }]
    expect((await atlas.v2('PATCH', path, { body: { roles }, as: editors })).status).toBe(403)
    expect((await atlas.v2('DELETE', path, { as: editors })).status).toBe(403)
    await expect(opens(name, `pw-of-${name}`)).resolves.toBe(true)
  })

  async function opens(username: string, password: string): Promise<boolean> {
    const [{ host, port }] = [client.options.hosts[0]!] as [{ host: string; port: number }]
    const own = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, { auth: { username, password } })
    try {
      await own.connect()
      return true
    } catch {
      return false
    } finally {
      await own.close()
    }
  }

  describe.each(Object.keys(MIGHTY))('of the login %s', name => {
    test('is shown to everybody, in the list and of itself', async () => {
      const one = await atlas.running.native('GET', `${users}/${name}`, { key: editor })
      expect(one.body.flags).toContain('server-admin')
      const { body } = await atlas.running.native('GET', `${users}?q=${name}`, { key: editor })
      expect(body.items.map((user: { flags: string[] }) => user.flags)).toEqual([one.body.flags])
    })

    test('is not for editors, and is for admins', async () => {
      for (const [method, below, body] of CHANGES) {
        const refused = await ask(method, `${users}/${name}${below}`, body, editor)
        expect([below, refused.status, refused.body.type]).toEqual([below, 403, 'urn:rolecall:fault:forbidden'])
      }
      for (const [method, below, body] of CHANGES) {
        const done = await ask(method, `${users}/${name}${below}`, body, admin)
        expect([200, 204], done.text).toContain(done.status)
      }
    })
  })

  test.each(Object.keys(MODEST))('is not in what editors hand out anyway: %s', async name => {
    expect((await atlas.running.native('GET', `${users}/${name}`)).body.flags).toEqual([])
    expect((await ask('POST', `${users}/${name}/reset`, {}, editor)).status).toBe(200)
  })

  test.each(['admin.root', 'admin.pw_second', 'admin.rc.readWrite.admin.system.users'])(
    'is not given by editors: %s',
    async role => {
      const made = await ask('POST', users, { name: 'pw_made', engineRoles: [role] }, editor)
      expect([made.status, made.body.type], made.text).toEqual([403, 'urn:rolecall:fault:forbidden'])
      expect((await ask('PATCH', `${users}/pw_plain`, { engineRoles: [role] }, editor)).status).toBe(403)
    },
  )

  test('comes to nobody from the collection of logins, by the Atlas API', async () => {
    const writes = { databaseName: 'admin', roleName: 'readWrite', collectionName: 'system.users' }
    const user = { databaseName: 'admin', username: 'pw_made', password: 'a-password-of-mine', roles: [writes] }
    const made = await atlas.v2('POST', '/databaseUsers', { body: user, as: editors })
    expect([made.status, made.body.errorCode], made.text).toEqual([403, 'ACCESS_FORBIDDEN'])
    const resources = [{ db: 'admin', collection: 'system.users' }]
    const role = { roleName: 'pw_role', actions: [{ action: 'UPDATE', resources }] }
    const defined = await atlas.v2('POST', '/customDBRoles/roles', { body: role, as: editors })
    expect([defined.status, defined.body.errorCode], defined.text).toEqual([403, 'ACCESS_FORBIDDEN'])
    const byAdmin = await atlas.v2('POST', '/customDBRoles/roles', { body: role, as: admins })
    expect(byAdmin.status, byAdmin.text).toBe(202)
    const given = [{ databaseName: 'admin', roleName: 'pw_role' }]
    const taken = await atlas.v2('POST', '/databaseUsers', { body: { ...user, roles: given }, as: editors })
    expect([taken.status, taken.body.errorCode], taken.text).toEqual([403, 'ACCESS_FORBIDDEN'])
    const dropped = await atlas.v2('DELETE', '/customDBRoles/roles/pw_role', { as: admins })
    expect(dropped.status, dropped.text).toBe(204)
  })
})
