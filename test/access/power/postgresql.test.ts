import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { aPerson } from '../../support/people.ts'
import { onPostgresql } from '../../support/postgresql/on-postgresql.ts'
import { aWorkbench, type Workbench } from '../../support/postgresql/workbench.ts'

/** Who has power over a whole server is changed by admins: with its password, or its locks, an editor would own the server. */
onPostgresql([13, 18], 'power over PostgreSQL %d', major => {
  const prefix = `power_${process.pid}_`
  const named = (name: string) => `${prefix}${name}`
  const PLAIN = named('plain')
  let bench: Workbench
  let rolecall: RunningApp
  let users: string
  let editor: string
  let admin: string

  beforeAll(async () => {
    bench = await aWorkbench(major)
    rolecall = await aRunningApp()
    const { instance } = await rolecall.connect(bench.server, { name: 'power' })
    users = `/instances/${instance}/users`
    for (const [name, statement] of Object.entries(MIGHTY)) {
      const login = named(name)
      await bench.sql(`create role "${login}" login; ${statement.replaceAll('$', `"${login}"`)}`)
    }
    for (const [name, statement] of Object.entries(MODEST)) {
      const login = named(name)
      await bench.sql(`create role "${login}" login; ${statement.replaceAll('$', `"${login}"`)}`)
    }
    editor = (await aPerson(rolecall.app.store, rolecall.project, 'editor')).key
    admin = (await aPerson(rolecall.app.store, rolecall.project, 'admin')).key
  })
  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
    const rows = await bench.sql(
      `select rolname from pg_roles where starts_with(rolname, '${prefix}') order by rolcanlogin desc`,
    )
    for (const { rolname } of rows) await bench.sql(`drop owned by "${rolname}"; drop role "${rolname}"`)
    await bench?.[Symbol.asyncDispose]()
  })

  /** What makes a login mighty. */
  const MIGHTY: Readonly<Record<string, string>> = {
    superuser: 'alter role $ superuser',
    createrole: 'alter role $ createrole',
    programs: 'grant pg_execute_server_program to $',
    files: 'grant pg_write_server_files to $',
    member: `create role "${named('chiefs')}" superuser; grant "${named('chiefs')}" to $`,
    'member of a member': `create role "${named('deputies')}"; grant "${named('chiefs')}" to "${named('deputies')}"; grant "${named('deputies')}" to $`,
  }
  const MODEST: Readonly<Record<string, string>> = {
    plain: 'select',
    replicating: 'alter role $ replication createdb bypassrls',
    monitoring: 'grant pg_monitor to $',
  }

  const path = (name: string, more = '') => `${users}/${encodeURIComponent(named(name))}${more}`
  const ask = (method: 'POST' | 'PATCH' | 'DELETE', to: string, body: object | undefined, key: string) =>
    rolecall.native(method, to, { body, key })
  const CHANGES = [
    ['POST', '/reset', {}],
    ['POST', '/unlock', undefined],
    ['PATCH', '', { settings: { connectionLimit: 7 } }],
    ['PATCH', '', { validUntil: '2099-01-01T00:00:00Z' }],
    ['PATCH', '/grants', { add: [{ role: 'read', database: 'postgres' }] }],
    ['DELETE', '/sessions', undefined],
    ['POST', '/lock', undefined],
    ['DELETE', '', undefined],
  ] as const

  describe.each(Object.keys(MIGHTY))('of a login by %s', name => {
    test('is shown to everybody, in the list and of itself', async () => {
      const one = await rolecall.native('GET', path(name), { key: editor })
      expect(one.body.flags).toContain('server-admin')
      const { body } = await rolecall.native('GET', `${users}?q=${encodeURIComponent(named(name))}`, { key: editor })
      expect(body.items.find((user: { name: string }) => user.name === named(name)).flags).toEqual(one.body.flags)
    })

    test.each(CHANGES)('is not for editors: %s %s', async (method, below, body) => {
      const refused = await ask(method, path(name, below), body, editor)
      expect([refused.status, refused.body.type]).toEqual([403, 'urn:rolecall:fault:forbidden'])
      expect(refused.body.detail).toContain('this needs the role admin')
    })

    test.each(CHANGES)('is for admins: %s %s', async (method, below, body) => {
      const done = await ask(method, path(name, below), body, admin)
      expect([200, 204], done.text).toContain(done.status)
    })
  })

  test.each(Object.keys(MODEST))('is not in what editors hand out anyway: %s', async name => {
    expect((await rolecall.native('GET', path(name))).body.flags).not.toContain('server-admin')
    const done = await ask('POST', path(name, '/reset'), {}, editor)
    expect(done.status, done.text).toBe(200)
  })

  test.each(['pg_execute_server_program', named('chiefs')])('is not given by editors: %s', async role => {
    const made = await ask('POST', users, { name: named('made'), engineRoles: [role] }, editor)
    expect([made.status, made.body.type]).toEqual([403, 'urn:rolecall:fault:forbidden'])
    const changed = await ask('PATCH', path('plain'), { engineRoles: [role] }, editor)
    expect(changed.status).toBe(403)
    expect((await rolecall.native('GET', path('made'))).status).toBe(404)
    const given = await ask('PATCH', path('plain'), { engineRoles: [role] }, admin)
    expect(given.body.flags).toContain('server-admin')
    expect((await ask('PATCH', path('plain'), { engineRoles: [] }, editor)).status).toBe(403)
    expect((await ask('PATCH', path('plain'), { engineRoles: [] }, admin)).body.flags).toEqual([])
  })

  test('comes to no code of a login that an editor drops', async () => {
    const made = await ask(
      'POST',
      users,
      { name: named('author'), grants: [{ role: 'owner', database: 'postgres' }] },
      editor,
    )
    expect(made.status, made.text).toBe(201)
    const as = { as: named('author'), password: made.body.password }
    await bench.sql(`create function "${prefix}trap"() returns int language sql security definer as 'select 1'`, as)
    await bench.sql(`alter function "${prefix}trap"() owner to "${named('author')}"`)
    const drop = (heir: string, key: string) =>
      ask('DELETE', `${path('author')}?onOwned=${encodeURIComponent(`reassign:${heir}`)}`, undefined, key)
    const refused = await drop('postgres', editor)
    expect([refused.status, refused.body.type], refused.text).toEqual([403, 'urn:rolecall:fault:forbidden'])
    expect((await drop(PLAIN, editor)).status).toBe(200)
  })

  test('is seen in a rehearsal', async () => {
    await bench.sql(`create role "${named('rehearsed')}" login superuser`)
    const { body } = await ask('POST', `${path('rehearsed', '/reset')}?dryRun=true`, {}, editor)
    expect(body.plan.refusals).toMatchObject([{ fault: 'forbidden' }])
  })
})
