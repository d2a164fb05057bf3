import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accountsOn, clearMongodb, logsInToMongodb, mongodbClient } from '../../../support/mongodb/logins.ts'
import { mongodbServers, type TestServer } from '../../../support/servers.ts'
import { aTrove, type Trove, XML } from '../trove.ts'

const PASSWORD = 'a-word-of-theirs'

/** Users that are a database and a name. */
describe.each(mongodbServers())('on $name', ({ start }) => {
  let trove: Trove
  let at: string
  let server: TestServer
  const name = `u${process.pid}`

  beforeAll(async () => {
    server = await start()
    await clearMongodb(server, 'tr_')
    trove = await aTrove()
    at = await trove.manage(server, { instanceName: 'documents' })
  }, 300_000)
  afterAll(async () => {
    await trove?.[Symbol.asyncDispose]()
    await clearMongodb(server, 'tr_')
  })

  const admin = async <T>(work: (client: ReturnType<typeof mongodbClient>) => Promise<T>) => {
    await using client = mongodbClient(server)
    return await work(client)
  }
  const rolesOf = async (user: string) =>
    (await accountsOn(server, user)).filter(one => one.user === user).map(({ roles }) => roles)

  const make = (...users: readonly object[]) => trove.api('POST', `${at}/users`, { body: { users } })

  test('a user is made, shown, given access, and dropped under its database and name', async () => {
    expect((await make({ name: `shop.${name}`, password: PASSWORD, databases: [{ name: 'shop' }] })).status).toBe(202)
    const path = `${at}/users/shop.${name}`
    expect((await trove.api('GET', path)).body.user).toEqual({
      name: `shop.${name}`,
      host: '%',
      databases: [{ name: 'shop' }],
    })
    expect((await trove.api('PUT', `${path}/databases`, { body: { databases: [{ name: 'stock' }] } })).status).toBe(202)
    expect((await trove.api('GET', `${path}/databases`)).body.databases).toEqual([{ name: 'shop' }, { name: 'stock' }])
    expect((await trove.api('DELETE', `${path}/databases/shop`)).status).toBe(202)
    expect((await trove.api('GET', `${path}/databases`)).body.databases).toEqual([{ name: 'stock' }])
    expect((await trove.api('DELETE', path)).status).toBe(202)
    expect((await trove.api('GET', path)).status).toBe(404)
  })

  test('a bare name is one of admin, and shown as such', async () => {
    expect((await make({ name, password: PASSWORD })).status).toBe(202)
    for (const spelled of [name, `admin.${name}`])
      expect((await trove.api('GET', `${at}/users/${spelled}`)).body.user.name).toBe(`admin.${name}`)
    expect((await make({ name: `admin.${name}`, password: PASSWORD })).status).toBe(400)
    expect((await trove.api('DELETE', `${at}/users/${name}`)).status).toBe(202)
  })

  test.each(['root', 'admin.root', 'os_admin', 'admin.os_admin'])(
    '%s is reserved, said with its database or without',
    async reserved => {
      const asked = [
        make({ name: reserved, password: PASSWORD }),
        trove.api('PUT', `${at}/users/${reserved}`, { body: { user: { password: PASSWORD } } }),
        trove.api('PUT', `${at}/users`, { body: { users: [{ name: reserved, password: PASSWORD }] } }),
        trove.api('DELETE', `${at}/users/${reserved}`),
      ]
      for (const { status, body } of await Promise.all(asked))
        expect([status, body.badRequest?.message]).toEqual([400, expect.stringMatching(/is on the reserved list/)])
    },
  )

  test('users are listed in pages, each once, however their databases and names sort, also after one that is gone', async () => {
    // By the server's own order: name first, then database.
    const wanted = ['tr_aa.tr_p', 'tr_b.tr_p', 'admin.tr_q', 'tr_a.tr_q', 'tr_aa.tr_r', 'admin.tr_s']
    expect((await make(...wanted.map(one => ({ name: one, password: PASSWORD })))).status).toBe(202)
    const seen: string[] = []
    for (let below: string | undefined = `${at}/users?limit=2&marker=admin.tr_%40%25`; below; ) {
      const { body } = await trove.api('GET', below)
      const names = body.users.map((one: { name: string }) => one.name) as string[]
      seen.push(...names)
      const [next] = body.links ?? []
      const last = names.at(-1)!
      if (last === 'tr_b.tr_p') await trove.api('DELETE', `${at}/users/${last}`)
      below = next && seen.length < wanted.length ? next.href.slice(next.href.indexOf('/instances')) : undefined
    }
    expect(seen).toEqual(wanted)
    const again = await trove.api('GET', `${at}/users?limit=1&marker=tr_b.tr_p%40%25`)
    expect(again.body.users.map((one: { name: string }) => one.name)).toEqual(['admin.tr_q'])
  })

  test('users are made, shown and listed in XML, and change their passwords, all of them or none', async () => {
    const payload = `<users xmlns="http://docs.openstack.org/database/api/v1.0"><user name="tr_shop.tr_x1" password="the-first1"/><user name="tr_x2" password="the-first2"><databases><database name="tr_shop"/></databases></user></users>`
    const xml = { ...XML, 'content-type': 'application/xml' }
    const made = await trove.api('POST', `${at}/users`, { payload, headers: xml })
    expect([made.status, made.text]).toEqual([202, ''])
    const { text } = await trove.api('GET', `${at}/users/tr_x2`, { headers: XML })
    expect(text).toContain('name="admin.tr_x2"')
    expect(text).toContain('<database name="tr_shop"/>')
    expect(await logsInToMongodb(server, 'tr_x1', 'the-first1', 'tr_shop')).toBe(true)
    const change = (...users: readonly object[]) => trove.api('PUT', `${at}/users`, { body: { users } })
    const [one, two] = [
      { name: 'tr_shop.tr_x1', password: 'the-next1' },
      { name: 'tr_x2', password: 'the-next2' },
    ]
    expect((await change(one, { name: 'tr_nobody', password: 'the-next3' })).status).toBe(404)
    expect(await logsInToMongodb(server, 'tr_x1', 'the-first1', 'tr_shop')).toBe(true)
    expect((await change(one, two)).status).toBe(202)
    expect(await logsInToMongodb(server, 'tr_x1', 'the-next1', 'tr_shop')).toBe(true)
    expect(await logsInToMongodb(server, 'tr_x2', 'the-next2')).toBe(true)
  })

  test('all users of a request are made, or none', async () => {
    await make({ name: 'tr_taken', password: PASSWORD })
    const { status } = await make(
      { name: 'tr_fresh', password: PASSWORD },
      { name: 'admin.tr_taken', password: PASSWORD },
    )
    expect([status, await accountsOn(server, 'tr_fresh')]).toEqual([400, []])
  })

  test.each([
    ['a database that can not be', { name: 'tr shop.tr_wrong' }],
    ['no name behind its database', { name: 'tr_shop.' }],
    ['a name that is too long', { name: `tr_${'x'.repeat(126)}` }],
    ['a host', { name: 'tr_wrong', host: '10.0.0.1' }],
    ['access to a database that can not be', { name: 'tr_wrong', databases: [{ name: 'tr/shop' }] }],
    ['access to a database of the server itself', { name: 'tr_wrong', databases: [{ name: 'admin' }] }],
  ])('a user with %s is 400', async (_, fields) => {
    const { status, text } = await make({ password: PASSWORD, ...fields })
    expect([status, await accountsOn(server, 'tr_wrong')], text).toEqual([400, []])
  })

  test('a dot at the beginning is no database: the name has it', async () => {
    expect((await make({ name: '.tr_dotted', password: PASSWORD })).status).toBe(202)
    expect(await accountsOn(server, '.tr_dotted')).toMatchObject([{ user: '.tr_dotted', db: 'admin' }])
    expect((await trove.api('GET', `${at}/users/.tr_dotted`)).body.user.name).toBe('admin..tr_dotted')
    expect((await trove.api('GET', `${at}/users/tr_dotted`)).status).toBe(404)
    expect((await trove.api('DELETE', `${at}/users/admin..tr_dotted`)).status).toBe(202)
  })

  test('access is what any of its roles names, and is taken away with all of them', async () => {
    const roles = ['tr_one.dbAdmin', 'tr_one.read', 'tr_two.userAdmin', 'admin.readAnyDatabase'].map(text => {
      const [db, role] = text.split('.') as [string, string]
      return { role, db }
    })
    await admin(client => client.db('admin').command({ createUser: 'tr_roles', pwd: PASSWORD, roles }))
    const path = `${at}/users/tr_roles/databases`
    const named = async () =>
      (await trove.api('GET', path)).body.databases.map((one: { name: string }) => one.name) as string[]
    expect(await named()).toEqual(['tr_one', 'tr_two'])
    expect((await trove.api('GET', `${at}/users/tr_roles`)).body.user.databases).toEqual([
      { name: 'tr_one' },
      { name: 'tr_two' },
    ])
    expect((await trove.api('DELETE', `${path}/tr_one`)).status).toBe(202)
    expect(await rolesOf('tr_roles')).toEqual([['admin.readAnyDatabase', 'tr_two.userAdmin']])
    expect((await trove.api('DELETE', `${path}/tr_two`)).status).toBe(202)
    expect(await rolesOf('tr_roles')).toEqual([['admin.readAnyDatabase']])
    expect((await trove.api('DELETE', `${path}/tr_two`)).status).toBe(404)
    expect((await trove.api('DELETE', `${path}/admin`)).status).toBe(404)
  })

  test('nobody is renamed, and nothing is half-done', async () => {
    await make({ name: 'tr_old', password: PASSWORD })
    const { status, body } = await trove.api('PUT', `${at}/users/tr_old`, { body: { user: { name: 'tr_new' } } })
    expect([status, Object.keys(body)]).toEqual([422, ['unprocessableEntity']])
    expect(await accountsOn(server, 'tr_new')).toEqual([])
    const own = { user: { name: 'admin.tr_old', password: 'another1' } }
    expect((await trove.api('PUT', `${at}/users/tr_old`, { body: own })).status).toBe(202)
    expect(await logsInToMongodb(server, 'tr_old', 'another1')).toBe(true)
  })

  test('root is made, listed while it is enabled, locked, and enabled again', async () => {
    const root = `${at}/root`
    await admin(client =>
      client
        .db('admin')
        .command({ dropUser: 'root' })
        .catch(() => undefined),
    )
    expect((await trove.api('GET', root)).body).toEqual({ rootEnabled: false })
    expect((await trove.api('DELETE', root)).status).toBe(404)
    const { status, body } = await trove.api('POST', root)
    expect([status, body.user.name]).toEqual([200, 'admin.root'])
    expect(await rolesOf('root')).toEqual([['admin.root']])
    expect(await logsInToMongodb(server, 'root', body.user.password)).toBe(true)
    expect((await trove.api('GET', root, { headers: XML })).text).toContain('>True<')
    for (const spelled of ['root', 'admin.root'])
      expect((await trove.api('GET', `${at}/users/${spelled}`)).status).toBe(200)
    expect((await trove.api('DELETE', root)).status).toBe(204)
    expect(await rolesOf('root')).toEqual([['admin.rolecall.locked']])
    expect((await trove.api('GET', root)).body).toEqual({ rootEnabled: false })
    expect((await trove.api('GET', `${at}/users/admin.root`)).status).toBe(404)
    const again = await trove.api('POST', root, { body: { password: 'a-word-of-root' } })
    expect([again.status, await rolesOf('root')]).toEqual([200, [['admin.root']]])
    expect(await logsInToMongodb(server, 'root', 'a-word-of-root')).toBe(true)
    await admin(client => client.db('admin').command({ dropUser: 'root' }))
  })

  test('databases are made and dropped; character sets are taken, and mean nothing', async () => {
    const databases = [{ name: 'tr_db1', character_set: 'utf8', collate: 'utf8_general_ci' }, { name: 'tr_db2' }]
    expect((await trove.api('POST', `${at}/databases`, { body: { databases } })).status).toBe(202)
    const { body } = await trove.api('GET', `${at}/databases?limit=1&marker=tr_db`)
    expect(body.databases).toEqual([{ name: 'tr_db1' }])
    expect((await trove.api('POST', `${at}/databases`, { body: { databases: [{ name: 'tr_db1' }] } })).status).toBe(400)
    for (const name of ['admin', 'local', 'config', 'a b', 'a.b', 'x'.repeat(64)])
      expect((await trove.api('POST', `${at}/databases`, { body: { databases: [{ name }] } })).status, name).toBe(400)
    for (const name of ['tr_db1', 'tr_db2'])
      expect((await trove.api('DELETE', `${at}/databases/${name}`)).status).toBe(202)
    expect((await trove.api('DELETE', `${at}/databases/tr_db1`)).status).toBe(404)
  })

  test('Rolecall’s own login is hidden where it is kept, and nowhere else', async () => {
    const roles = [{ role: 'root', db: 'admin' }]
    for (const db of ['tr_staff', 'tr_other'])
      await admin(client => client.db(db).command({ createUser: 'tr_own', pwd: PASSWORD, roles }))
    const own = { ...server, username: 'tr_own', password: PASSWORD }
    const there = await trove.manage(own, { host: 'localhost', name: 'own', authDatabase: 'tr_staff' })
    const { body } = await trove.api('GET', `${there}/users?limit=100&marker=admin.tr_o%40%25`)
    const names = body.users.map((one: { name: string }) => one.name) as string[]
    expect(names).toContain('tr_other.tr_own')
    expect(names).not.toContain('tr_staff.tr_own')
    expect((await trove.api('DELETE', `${there}/users/tr_staff.tr_own`)).status).toBe(400)
    expect((await trove.api('GET', `${there}/users/tr_own`)).status).toBe(404)
    expect((await trove.api('GET', `${there}/users/admin.${server.username}`)).status).toBe(200)
    expect((await trove.api('DELETE', `${there}/users/tr_other.tr_own`)).status).toBe(202)
  })
})
