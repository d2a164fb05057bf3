import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, aRunningApp, type RunningApp } from '../support/app.ts'
import { anotherProject, aPerson } from '../support/people.ts'
import { mariadbServer, mongodbServers, mysqlServers, postgresqlMajors, postgresqlServer } from '../support/servers.ts'

const SERVERS = [
  ...(postgresqlMajors().length > 0 ? [{ name: 'PostgreSQL', start: () => postgresqlServer(), told: true }] : []),
  ...(mysqlServers().length > 0 ? [{ name: 'MariaDB', start: mariadbServer, told: false }] : []),
  ...mongodbServers()
    .slice(0, 1)
    .map(({ start }) => ({ name: 'MongoDB', start, told: false })),
]

if (SERVERS.length === 0) test.skip('every engine is left out: ENGINES says so')

/** One server by two names is two instances: the login that one of them logs in as is safe from the other, too. */
describe.each(SERVERS)('one $name server by two names', ({ start, told }) => {
  const NAME = `twice_${process.pid}`
  const PASSWORD = 'the-password-of-an-app'
  let rolecall: RunningApp
  let server: Awaited<ReturnType<typeof start>>
  let here: string
  let there: string
  let elsewhere: string
  let stranger: string

  beforeAll(async () => {
    server = await start()
    rolecall = await aRunningApp()
    here = (await rolecall.connect(server, { name: 'here' })).instance
    there = (await rolecall.connect(server, { name: 'there', host: 'localhost' })).instance
    expect(here).not.toBe(there)
    await rolecall.native('DELETE', user(here))
    const made = await rolecall.native('POST', `/instances/${here}/users`, { body: { name: NAME, password: PASSWORD } })
    expect(made.status, made.text).toBe(201)
    const login = {
      name: 'app',
      username: NAME,
      password: PASSWORD,
      database: server.engine === 'mysql' ? '' : server.database,
    }
    const { connection } = await rolecall.connect(server, login)
    const project = await anotherProject(rolecall.app.store)
    stranger = (await aPerson(rolecall.app.store, project, 'owner')).key
    const { host: _, name: __, log: ___, major: ____, ...coordinates } = server
    const body = { engine: 'postgresql', ...coordinates, host: 'localhost', name: 'of strangers' }
    const theirs = await rolecall.native('POST', `/projects/${project}/connections`, { key: stranger, body })
    expect(theirs.status, theirs.text).toBe(201)
    elsewhere = theirs.body.instance
    // Whoever has once logged in is protected. The managing login is the older one, so this one is asked by itself.
    await rolecall.native('POST', `/connections/${connection}/test`)
    for (const one of [here, there])
      expect((await rolecall.native('GET', `/instances/${one}/users?limit=1`)).status).toBe(200)
    await rolecall.native('GET', `/instances/${elsewhere}/users?limit=1`, { key: stranger })
    const account = server.engine === 'mysql' ? { name: NAME, host: '%' } : undefined
    await rolecall.app.store.transaction(async tables =>
      tables.connections.setProof(connection, { at: await tables.now(), missingRights: [], account }),
    )
  })
  afterAll(async () => {
    await rolecall?.[Symbol.asyncDispose]()
  })

  const user = (instance: string, more = '') => `/instances/${instance}/users/${NAME}${more}`
  const inUse = ({ status, body }: Answer) => [status, body?.type]
  const IN_USE = [409, 'urn:rolecall:fault:in-use']

  test.each(['there', 'elsewhere'])('keeps what the other logs in as: %s', async which => {
    const [instance, key] = which === 'there' ? [there, rolecall.key.privateKey] : [elsewhere, stranger]
    expect(inUse(await rolecall.native('POST', user(instance, '/lock'), { key }))).toEqual(IN_USE)
    expect(inUse(await rolecall.native('DELETE', user(instance), { key }))).toEqual(IN_USE)
    const end = { validUntil: '2099-01-01T00:00:00Z' }
    expect(inUse(await rolecall.native('PATCH', user(instance), { key, body: end }))).toEqual(IN_USE)
  })

  test('tells another project no more than that', async () => {
    const refused = await rolecall.native('DELETE', user(elsewhere), { key: stranger })
    const own = await rolecall.native('DELETE', user(here))
    expect(refused.body.detail).toBe(own.body.detail)
  })

  test('a new password is for those of the project, and refused where others would be shut out', async () => {
    const reset = (instance: string, key?: string) =>
      rolecall.native('POST', user(instance, '/reset'), { key, body: { password: 'the-next-password-of-it' } })
    expect(inUse(await reset(elsewhere, stranger))).toEqual(IN_USE)
    expect((await reset(there)).status).toBe(200)
    const { body } = await rolecall.native('GET', `/projects/${rolecall.project}/connections`)
    const app = body.items.find(({ name }: { name: string }) => name === 'app')
    expect((await rolecall.native('POST', `/connections/${app.id}/test`)).body.outcome).toBe('SUCCESS')
  })

  test('is told to be one, within its project, where the server says who it is', async () => {
    const { body } = await rolecall.native('GET', `/instances/${here}`)
    expect(body.sameServer).toEqual(told ? [there] : [])
    expect((await rolecall.native('GET', `/instances/${elsewhere}`, { key: stranger })).body.sameServer).toEqual([])
  })

  test('another login of it goes as ever', async () => {
    const other = `${NAME}_other`
    expect((await rolecall.native('POST', `/instances/${here}/users`, { body: { name: other } })).status).toBe(201)
    expect((await rolecall.native('DELETE', `/instances/${elsewhere}/users/${other}`, { key: stranger })).status).toBe(
      200,
    )
  })
})
