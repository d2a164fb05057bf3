import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type App, createApp } from '../src/app.ts'
import { userKeyText } from '../src/domain/users/user.ts'
import { ensureFirst } from '../src/services/callers/installation.ts'
import { settingsFor } from '../test/support/app.ts'
import { engineClient } from '../test/support/logins.ts'
import { startCluster } from '../test/support/postgresql/cluster.ts'
import { NEWEST, ownPostgresql, serverOf, type TestServer } from '../test/support/servers.ts'
import { dropRoles, makeRoles, roleName } from './roles.ts'

const LOGINS = Number(process.env.ROLECALL_BENCH_EXPIRIES ?? 10_000)
/** So many of them are logged in when their time is over. */
const SESSIONS = 50
const AHEAD_MS = 5_000

/** Logins that all fall due at the same moment: how long until the last is locked, and gone, and until nobody is logged in any more. */
export async function benchExpiry(): Promise<void> {
  const durable = ['fsync = on', 'full_page_writes = on', "log_statement = 'none'", 'log_connections = off']
  await using cluster = await startCluster(await ownPostgresql(NEWEST, [...durable, 'max_connections = 200']))
  const server = serverOf(cluster)
  const engine = await engineClient(server)
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-bench-'))
  const app = await createApp(settingsFor(folder))
  await makeRoles(engine, 0, LOGINS)
  const sessions = await logInSome(engine, server)
  const due = await promise(app, await instanceOf(app, server), engine)
  await app.start()
  console.log(`\n${LOGINS} logins of PostgreSQL due at the same moment, ${SESSIONS} of them logged in`)
  await watch(engine, due)
  console.log(
    (await app.http.inject({ url: '/metrics' })).body
      .split('\n')
      .filter(isFigure)
      .map(line => `  ${line}`)
      .join('\n'),
  )
  await app.stop()
  await Promise.all(sessions.map(session => session.end().catch(() => undefined)))
  await dropRoles(engine)
  await engine.end()
  rmSync(folder, { recursive: true, force: true })
}

const isFigure = (line: string) => /^rolecall_expiry_(lag|waiting|step_seconds_(sum|count))/.test(line)

async function logInSome(engine: pg.Client, server: TestServer): Promise<readonly pg.Client[]> {
  const names = Array.from({ length: SESSIONS }, (_, n) => roleName(Math.floor((n * LOGINS) / SESSIONS)))
  for (const name of names) await engine.query(`alter role ${name} password 'bench'`)
  const sessions = await Promise.all(names.map(username => engineClient({ ...server, username, password: 'bench' })))
  for (const session of sessions) session.on('error', () => undefined)
  return sessions
}

async function instanceOf(app: App, { host, port, database, username, password }: TestServer): Promise<string> {
  const { project, key } = (await ensureFirst(app.store, { project: 'bench', username: 'bench' }))!
  const made = await app.http.inject({
    method: 'POST',
    url: `/rolecall/v1/projects/${project.id}/connections`,
    headers: { authorization: `Bearer ${key.privateKey.reveal()}` },
    payload: { name: 'bench', engine: 'postgresql', host, port, database, username, password },
  })
  return made.json().instance
}

/** Written into the store as an operation would leave them: 10,000 requests are another benchmark's matter. */
async function promise(app: App, instanceId: string, engine: pg.Client): Promise<number> {
  const { rows } = await engine.query("select oid::text as oid, rolname from pg_roles where rolname like 'bench\\_%'")
  const validUntil = (await app.store.now()) + AHEAD_MS
  await app.store.transaction(async tables => {
    for (const { oid: incarnation, rolname: name } of rows)
      await tables.users.put({ instanceId, key: userKeyText({ name }), incarnation, labels: {}, asked: {}, validUntil })
  })
  return validUntil
}

async function watch(engine: pg.Client, due: number): Promise<void> {
  const seconds = () => ((Date.now() - due) / 1000).toFixed(1).padStart(6)
  let sessionsGone = false
  let allLocked = false
  for (let next = 0.9; ; await sleep(250)) {
    const { rows } = await engine.query(`select
      (select count(*)::int from pg_roles where rolname like 'bench\\_%') as logins,
      (select count(*)::int from pg_roles where rolname like 'bench\\_%' and rolcanlogin) as open,
      (select count(*)::int from pg_stat_activity where usename like 'bench\\_%') as sessions`)
    const { logins, open, sessions } = rows[0]
    if (open === 0 && !allLocked) console.log(`  ${seconds()} s after it: nobody can log in any more`)
    allLocked ||= open === 0
    if (sessions === 0 && !sessionsGone) console.log(`  ${seconds()} s after it: nobody is logged in any more`)
    sessionsGone ||= sessions === 0
    for (; logins <= LOGINS * next && next > 0; next -= 0.4)
      console.log(`  ${seconds()} s after it: ${logins} are left`)
    if (logins === 0) return console.log(`  ${seconds()} s after it: none is left`)
  }
}
