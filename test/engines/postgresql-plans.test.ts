import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeRoles, roleName } from '../../bench/roles.ts'
import type { AdminClient } from '../../src/engines/engine.ts'
import { createEngines } from '../../src/engines/registry.ts'
import { INSTALLATION } from '../support/changes.ts'
import { type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { type Asked, overheard, type PlanKind, type PlanNode, planOf, rowsRead } from '../support/postgresql/plans.ts'
import { ownPostgresql, serverOf, targetOf } from '../support/servers.ts'

/** So many that reading them all could not be taken for a page. */
const LOGINS = 30_000
const PAGE = 20
const DATABASES = 24
const PAGE_OF_DATABASES = 5
const KINDS: readonly PlanKind[] = ['custom', 'generic']

const databaseName = (n: number) => `plan_${String(n).padStart(4, '0')}`

onPostgresql([13, 18], 'plans on PostgreSQL %d, by a knowledge of its logins', major => {
  const asked: Asked[] = []
  let cluster: RunningCluster
  let behind: pg.Client
  let client: AdminClient
  beforeAll(async () => {
    cluster = await startCluster(await ownPostgresql(major, ['autovacuum = off']))
    const { host, port, database, username: user, password } = serverOf(cluster)
    behind = new pg.Client({ host, port, database, user, password })
    await behind.connect()
    await fill(behind)
    const engine = createEngines({ dialPostgresql: overheard(asked) }).get('postgresql')
    const session = { installation: INSTALLATION, operation: 'op_PLANS', attempt: 1 }
    client = await engine.open(targetOf(serverOf(cluster)), session, AbortSignal.timeout(120_000))
  }, 120_000)
  afterAll(async () => {
    await client?.[Symbol.asyncDispose]()
    await behind?.end()
    await cluster?.[Symbol.asyncDispose]()
  })

  /** What the engine sends while it does this, and at least something. */
  async function sentBy(work: () => Promise<unknown>): Promise<readonly Asked[]> {
    asked.length = 0
    await work()
    expect(asked.length).toBeGreaterThan(0)
    return [...asked]
  }

  describe('that initdb gathered of an empty server', () => {
    test('is little', async () => {
      expect((await known(behind)).every(({ rows }) => rows < LOGINS / 100)).toBe(true)
    })
    everyPage()
  })

  describe('that is nothing at all', () => {
    beforeAll(async () => {
      await behind.query(FORGET)
      expect(await known(behind)).toEqual(TABLES.map(name => ({ name, rows: major < 14 ? 0 : -1, statistics: 0 })))
    })
    everyPage()
  })

  describe('that was just gathered', () => {
    beforeAll(async () => {
      for (const name of TABLES) await behind.query(`analyze ${name}`)
    })
    everyPage()

    test('a page is planned once for all: that would take longer than reading it', async () => {
      const [page] = await sentBy(() => client.listUsers({ limit: PAGE }))
      const cut = (await planOf(page!, 'own')).find(node => node['Index Name'] === 'pg_authid_rolname_index')
      expect(cut?.['Index Cond']).toBe('(rolname > $1)')
    })
  })

  function everyPage(): void {
    describe.each(KINDS)('a %s plan', kind => {
      test.each([
        ['first', undefined, roleName(PAGE - 1)],
        ['middle', roleName(LOGINS / 2), roleName(LOGINS / 2 + PAGE)],
        ['last', roleName(LOGINS - 6), 'postgres'],
      ])('reads the %s page of logins by key, and nothing else', async (_which, after, last) => {
        const sent = await sentBy(async () => {
          const { items } = await client.listUsers({ after, limit: PAGE })
          expect(items.at(-1)?.name).toBe(last)
        })
        for (const one of sent) expectByKey(await planOf(one, kind), 'pg_authid_rolname_index', MOST_LOGINS)
      })

      test.each([0, LOGINS / 2, LOGINS - 1])('reads login %d alone by key, and no other', async n => {
        const name = roleName(n)
        const sent = await sentBy(async () => expect(await client.findUser({ name })).toMatchObject({ name }))
        for (const one of sent) expectByKey(await planOf(one, kind), 'pg_authid_rolname_index', WITH_ITS_ROLE)
      })

      test.each([
        ['first', undefined, databaseName(0)],
        ['middle', databaseName(DATABASES / 2), databaseName(DATABASES / 2 + 1)],
        ['last', databaseName(DATABASES - 3), databaseName(DATABASES - 2)],
      ])('reads the %s page of databases by key, and nothing else', async (_which, after, first) => {
        const sent = await sentBy(async () => {
          const { items } = await client.listDatabases({ after, limit: PAGE_OF_DATABASES })
          expect(items[0]?.name).toBe(first)
        })
        for (const one of sent) expectByKey(await planOf(one, kind), 'pg_database_datname_index', MOST_DATABASES)
      })
    })
  }
})

const TABLES = ['pg_auth_members', 'pg_authid', 'pg_database', 'pg_db_role_setting', 'pg_shdescription']

/** What the planner believes. */
async function known(behind: pg.Client) {
  const { rows } = await behind.query<{ name: string; rows: number; statistics: number }>(
    `select relname::text as name, reltuples as rows, (select count(*)::int from pg_statistic where starelid = c.oid) as statistics
     from pg_class c where relname = any($1) order by relname`,
    [TABLES],
  )
  return rows
}

// A server that was restored, or upgraded in place, is like this.
const FORGET = `set allow_system_table_mods = on;
delete from pg_statistic;
update pg_class set relpages = 0, reltuples = case when current_setting('server_version_num')::int < 140000 then 0 else -1 end
where relname in (${TABLES.map(name => `'${name}'`).join(', ')});
reset allow_system_table_mods`

/** Tables with a row or more for each login. Databases are fewer, and have no index by owner. */
const OF_LOGINS: readonly unknown[] = TABLES.filter(name => name !== 'pg_database')

/** The page, the row that tells whether there is another, and the system's own, which come between the last ones and are left out. */
const MOST_LOGINS = PAGE + 1 + 20
/** A login, and the one role that it is a member of, if it is: that may have power over the server. */
const WITH_ITS_ROLE = 2
const MOST_DATABASES = PAGE_OF_DATABASES + 1 + 2

/** What is asked for is found by the index of its key; every look beside it goes by a key too, and takes a page's rows, not a table's. */
function expectByKey(plan: readonly PlanNode[], index: string, most: number): void {
  const ran = plan.filter(node => node['Actual Loops'] > 0)
  expect(ran.filter(node => node['Index Name'] === index)).toMatchObject([
    { 'Index Cond': expect.stringMatching(/name [>=] /), 'Actual Loops': 1 },
  ])
  for (const node of ran.filter(one => one['Index Name'] === index || OF_LOGINS.includes(one['Relation Name']))) {
    expect(node['Index Cond'] ?? node['Recheck Cond'], JSON.stringify(node)).toBeDefined()
    expect(rowsRead(node), JSON.stringify(node)).toBeLessThanOrEqual(most)
  }
  // One login's memberships are put in order to tell each once: there is one here. The page itself is never sorted.
  for (const node of ran.filter(one => one['Node Type'].includes('Sort'))) {
    expect(node['Actual Rows'], JSON.stringify(node)).toBeLessThanOrEqual(1)
  }
}

/** Logins, a tenth of them with a comment and in a group; databases. */
async function fill(behind: pg.Client): Promise<void> {
  await makeRoles(behind, 0, LOGINS)
  await behind.query(`create role readers; do $$ begin for n in 0..${LOGINS / 10 - 1} loop
    execute format('comment on role bench_%s is ''somebody''', lpad((n * 10)::text, 8, '0'));
    execute format('grant readers to bench_%s', lpad((n * 10)::text, 8, '0')); end loop; end $$`)
  for (let n = 0; n < DATABASES; n++) await behind.query(`create database ${databaseName(n)}`)
}
