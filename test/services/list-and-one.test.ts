import { type Db, MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient } from '../support/logins.ts'
import { mysqlClient } from '../support/mariadb/logins.ts'
import {
  mariadbServer,
  mongodbServers,
  mysqlServers,
  postgresqlMajors,
  postgresqlServer,
  type TestServer,
} from '../support/servers.ts'

const PREFIX = `both_${process.pid}_`

/** What others do to logins behind our back; `made` is one that Rolecall has made. */
interface Behind extends AsyncDisposable {
  /** Makes every kind of login that there may be; answers their names. */
  make(): Promise<readonly string[]>
  /** Takes the mark of one that Rolecall made, and shuts it out, as far as the engine lets anybody. */
  strip(made: string): Promise<void>
}

async function behindPostgresql(server: TestServer): Promise<Behind> {
  const client = await engineClient(server)
  const role = (name: string) => `"${PREFIX}${name}"`
  const comments: Readonly<Record<string, string>> = {
    foreign: '[rolecall another op_ELSEWHERE]',
    'foreign locked': 'words of theirs\n[rolecall another op_ELSEWHERE locked]',
    tabbed: '[rolecall an\tother op_ELSEWHERE]',
    spaced: '[rolecall an\u00a0other op_ELSEWHERE]',
    commented: 'a comment of theirs',
    halfway: '[rolecall another op_ELSEWHERE] and more',
  }
  return {
    async make() {
      const names = ['plain', 'group', ...Object.keys(comments)]
      for (const name of names) {
        const can = name === 'plain' || name === 'commented' ? 'login' : 'nologin'
        await client.query(`create role ${role(name)} ${can}`)
        if (comments[name]) await client.query(`comment on role ${role(name)} is '${comments[name]}'`)
      }
      return names
    },
    async strip(made) {
      await client.query(`comment on role "${made}" is null; alter role "${made}" nologin`)
    },
    async [Symbol.asyncDispose]() {
      const { rows } = await client.query('select rolname from pg_roles where starts_with(rolname, $1)', [PREFIX])
      for (const { rolname } of rows) await client.query(`drop role "${rolname}"`)
      await client.end()
    },
  }
}

async function behindMariadb(server: TestServer): Promise<Behind> {
  const client = await mysqlClient(server)
  const login = (name: string) => `'${PREFIX}${name}'@'%'`
  return {
    async make() {
      for (const name of ['plain', 'locked', 'subject', 'foreign']) await client.query(`create user ${login(name)}`)
      await client.query(`alter user ${login('locked')} account lock`)
      await client.query(`alter user ${login('subject')} require subject '/CN=somebody of theirs'`)
      await client.query(`create role ${PREFIX}role`)
      await client.query(`grant ${PREFIX}role to ${login('foreign')}`)
      return ['plain', 'locked', 'subject', 'foreign', 'role']
    },
    async strip(made) {
      await client.query(`alter user '${made}'@'%' account lock`)
    },
    async [Symbol.asyncDispose]() {
      for (const name of ['plain', 'locked', 'subject', 'foreign', 'made'])
        await client.query(`drop user if exists ${login(name)}`)
      await client.query(`drop role if exists ${PREFIX}role`)
      await client.end()
    },
  }
}

async function behindMongodb({ host, port, username, password }: TestServer): Promise<Behind> {
  const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, { auth: { username, password } })
  const db: Db = client.db('admin')
  const pwd = 'a-password-of-theirs'
  return {
    async make() {
      await db.command({ createUser: `${PREFIX}plain`, pwd, roles: ['read'] })
      await db.command({ createUser: `${PREFIX}bare`, pwd, roles: [] })
      await db.command({ createRole: `${PREFIX}role`, privileges: [], roles: [] })
      await db.command({ createUser: `${PREFIX}special`, pwd, roles: [`${PREFIX}role`] })
      return ['plain', 'bare', 'special', 'role']
    },
    async strip(made) {
      await db.command({ updateUser: made, roles: [] })
    },
    async [Symbol.asyncDispose]() {
      for (const name of ['plain', 'bare', 'special', 'made'])
        await db.command({ dropUser: `${PREFIX}${name}` }).catch(() => undefined)
      await db.command({ dropRole: `${PREFIX}role` })
      await client.close()
    },
  }
}

const ENGINES = [
  ...(postgresqlMajors().length > 0
    ? [{ name: 'PostgreSQL', start: () => postgresqlServer(), behind: behindPostgresql }]
    : []),
  ...(mysqlServers().length > 0 ? [{ name: 'MariaDB', start: mariadbServer, behind: behindMariadb }] : []),
  ...mongodbServers()
    .slice(0, 1)
    .map(({ start }) => ({ name: 'MongoDB', start, behind: behindMongodb })),
]

if (ENGINES.length === 0) test.skip('every engine is left out: ENGINES says so')

describe.each(ENGINES)('a login on $name', ({ start, behind: behindOf }) => {
  let behind: Behind
  let rolecall: RunningApp
  let users: string
  let names: readonly string[]

  beforeAll(async () => {
    const server = await start()
    behind = await behindOf(server)
    rolecall = await aRunningApp()
    users = `/instances/${(await rolecall.connect(server, { name: 'both' })).instance}/users`
    const made = await rolecall.native('POST', users, { body: { name: `${PREFIX}made` } })
    expect(made.status, made.text).toBe(201)
    names = [...(await behind.make()), 'made', 'nobody']
  })
  afterAll(async () => {
    await behind?.[Symbol.asyncDispose]()
    await rolecall?.[Symbol.asyncDispose]()
  })

  /** Those that are listed, over pages of one, and what each is shown as. */
  async function listed(): Promise<Readonly<Record<string, unknown>>> {
    const found: Record<string, unknown> = {}
    for (let next: string | undefined = `/rolecall/v1${users}?limit=2&q=${PREFIX}`; next; ) {
      const { body } = await rolecall.ask('GET', next)
      for (const user of body.items) found[user.name] = user
      next = body.next
    }
    return found
  }

  async function alone(): Promise<Readonly<Record<string, unknown>>> {
    const all = await Promise.all(
      names.map(name => rolecall.native('GET', `${users}/${encodeURIComponent(PREFIX + name)}`)),
    )
    return Object.fromEntries(all.filter(({ status }) => status === 200).map(({ body }) => [body.name, body]))
  }

  test('is in the list if it is shown alone, whoever made and marked it', async () => {
    expect(await listed()).toEqual(await alone())
    expect(Object.keys(await alone())).toContain(`${PREFIX}made`)
  })

  test('that lost its mark, and may not log in, is shown by both', async () => {
    await behind.strip(`${PREFIX}made`)
    const all = await listed()
    expect(all).toEqual(await alone())
    expect(Object.keys(all)).toContain(`${PREFIX}made`)
  })
})
