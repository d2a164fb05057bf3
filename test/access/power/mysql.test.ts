import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { onMysqlFamily } from '../../support/mariadb/workbench.ts'
import { aPerson } from '../../support/people.ts'

/** As on PostgreSQL: whoever may make, change or give to logins, or write where they are kept, is changed by admins. */
onMysqlFamily('power over a server', (bench, isMariadb) => {
  const prefix = `pw${process.pid}_`
  const [CHIEFS, DEPUTIES] = [`${prefix}chiefs`, `${prefix}deputies`]
  let rolecall: RunningApp
  let users: string
  let editor: string
  let admin: string

  const EVERYWHERE: Readonly<Record<string, string>> = {
    root: 'grant all privileges on *.* to $ with grant option',
    super: 'grant super on *.* to $',
    create: 'grant create user on *.* to $',
    giving: 'grant select on *.* to $ with grant option',
    writing: 'grant insert, update on *.* to $',
    files: 'grant file on *.* to $',
    accounts: 'grant update on mysql.* to $',
    table: 'grant update on mysql.tables_priv to $',
    pattern: 'grant all privileges on `my%`.* to $',
    member: `grant ${CHIEFS} to $`,
    deputy: `grant ${DEPUTIES} to $`,
  }
  const MIGHTY = isMariadb
    ? { ...EVERYWHERE, setuser: 'grant set user on *.* to $' }
    : { ...EVERYWHERE, roles: 'grant role_admin on *.* to $', definer: 'grant set_user_id on *.* to $' }
  const MODEST: Readonly<Record<string, string>> = {
    plain: 'grant all privileges on `pw_no_such`.* to $',
    watching: 'grant select, process, replication slave, replication client, show databases on *.* to $',
  }

  beforeAll(async () => {
    rolecall = await aRunningApp()
    users = `/instances/${(await rolecall.connect(bench().server, { name: 'power' })).instance}/users`
    for (const role of [CHIEFS, DEPUTIES]) await bench().sql(`create role ${role}`)
    await bench().sql(`grant create user on *.* to ${CHIEFS}`)
    await bench().sql(`grant ${CHIEFS} to ${DEPUTIES}`)
    for (const [name, statement] of Object.entries({ ...MIGHTY, ...MODEST })) {
      const login = `'${prefix}${name}'@'%'`
      await bench().sql(`create user ${login}`)
      await bench()
        .sql(statement.replace('$', login))
        .catch(error => {
          // Its newest calls this one differently.
          if (name !== 'definer') throw error
          return bench().sql(`grant set_any_definer on *.* to ${login}`)
        })
    }
    editor = (await aPerson(rolecall.app.store, rolecall.project, 'editor')).key
    admin = (await aPerson(rolecall.app.store, rolecall.project, 'admin')).key
  })
  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
    for (const name of [...Object.keys(MIGHTY), ...Object.keys(MODEST), 'made'])
      await bench().sql(`drop user if exists '${prefix}${name}'@'%'`)
    for (const role of [CHIEFS, DEPUTIES]) await bench().sql(`drop role if exists ${role}`)
  })

  const path = (name: string, more = '') => `${users}/${prefix}${name}${more}`
  const ask = (method: 'POST' | 'PATCH' | 'DELETE', to: string, body: object | undefined, key: string) =>
    rolecall.native(method, to, { body, key })
  const CHANGES = [
    ['POST', '/reset', {}],
    ['POST', '/unlock', undefined],
    ['PATCH', '', { settings: { connectionLimit: 7 } }],
    ['DELETE', '/sessions', undefined],
    ['POST', '/lock', undefined],
    ['DELETE', '', undefined],
  ] as const

  describe.each(Object.keys(MIGHTY))('of a login by %s', name => {
    test('is shown to everybody, in the list and of itself', async () => {
      const one = await rolecall.native('GET', path(name), { key: editor })
      expect(one.body.flags).toContain('server-admin')
      const { body } = await rolecall.native('GET', `${users}?q=${prefix}${name}`, { key: editor })
      const listed = body.items.find((user: { name: string }) => user.name === `${prefix}${name}`)
      expect(listed.flags).toEqual(one.body.flags)
    })

    test('is not for editors, and is for admins', async () => {
      for (const [method, below, body] of CHANGES) {
        const refused = await ask(method, path(name, below), body, editor)
        expect([below, refused.status, refused.body.type]).toEqual([below, 403, 'urn:rolecall:fault:forbidden'])
      }
      for (const [method, below, body] of CHANGES) {
        const done = await ask(method, path(name, below), body, admin)
        expect([200, 204], done.text).toContain(done.status)
      }
    })
  })

  test.each(Object.keys(MODEST))('is not in what editors hand out anyway: %s', async name => {
    expect((await rolecall.native('GET', path(name))).body.flags).not.toContain('server-admin')
    expect((await ask('POST', path(name, '/reset'), {}, editor)).status).toBe(200)
  })

  test.each([CHIEFS, DEPUTIES])('is not given by editors: %s', async role => {
    const made = await ask('POST', users, { name: `${prefix}made`, engineRoles: [role] }, editor)
    expect([made.status, made.body.type]).toEqual([403, 'urn:rolecall:fault:forbidden'])
    expect((await ask('PATCH', path('plain'), { engineRoles: [role] }, editor)).status).toBe(403)
    const given = await ask('PATCH', path('plain'), { engineRoles: [role] }, admin)
    expect(given.body.flags).toContain('server-admin')
    expect((await ask('PATCH', path('plain'), { engineRoles: [] }, admin)).body.flags).not.toContain('server-admin')
  })
})
