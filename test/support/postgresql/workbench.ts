import pg from 'pg'
import { Secret } from '../../../src/domain/secret.ts'
import type { Change } from '../../../src/domain/users/change.ts'
import type { Mark } from '../../../src/domain/users/user.ts'
import type { AdminClient, Engine, Plan, Target } from '../../../src/engines/engine.ts'
import { postgresql } from '../../../src/engines/postgresql/index.ts'
import { aMark, apply, applyThroughCrashes, INSTALLATION, planned } from '../changes.ts'
import { postgresqlServer, type TestServer, targetOf } from '../servers.ts'

/** A PostgreSQL server, an admin client on it, and a way to look at the server behind Rolecall's back. */
export interface Workbench extends AsyncDisposable {
  readonly server: TestServer
  readonly engine: Engine
  readonly target: Target
  /** For looking; each change gets a link of its own, as it does from the ledger. */
  readonly client: AdminClient
  /** Plans, refuses to be refused, runs. */
  run(change: Change, mark?: Mark): Promise<Plan>
  /** The same, dying after every step. */
  crash(change: Change, mark?: Mark): Promise<number>
  plan(change: Change, mark?: Mark): Promise<Plan>
  /** One or more statements as the server's superuser, or as `as`; answers the rows, or throws what the server said. */
  sql(text: string, where?: Where): Promise<readonly Record<string, unknown>[]>
  open(change?: Partial<Target>): Promise<AdminClient>
}

export interface Where {
  readonly database?: string
  readonly as?: string
  readonly password?: string
}

let benches = 0

/** `as` is the managing login; without, it is the superuser. */
export async function aWorkbench(
  major?: number,
  as?: { readonly name: string; readonly password: string },
): Promise<Workbench> {
  const server = await postgresqlServer(major)
  const engine = postgresql()
  const managing = as ? { username: as.name, password: new Secret(as.password) } : {}
  const target = targetOf(server, managing)
  const operation = `op_BENCH${++benches}P${process.pid}`
  const open = (change: Partial<Target> = {}) =>
    engine.open(
      { ...target, ...change },
      { installation: INSTALLATION, operation, attempt: 1 },
      AbortSignal.timeout(120_000),
    )
  const client = await open()
  return {
    server,
    engine,
    target,
    client,
    run: async (change, mark) => {
      await using link = await open()
      return await apply(engine, link, change, mark)
    },
    crash: async (change, mark) => {
      await using link = await open()
      return await applyThroughCrashes(engine, link, change, mark)
    },
    plan: async (change, mark = aMark()) => {
      await using link = await open()
      return await planned(engine, link, change, mark)
    },
    sql: (text, where) => sqlOn(server, text, where),
    open,
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  }
}

export async function sqlOn(
  server: TestServer,
  text: string,
  { database, as, password }: Where = {},
): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({
    host: server.host,
    port: server.port,
    database: database ?? server.database,
    user: as ?? server.username,
    password: password ?? (as === undefined ? server.password : `pw-of-${as}`),
  })
  await client.connect()
  try {
    const answer = (await client.query(text)) as pg.QueryResult | pg.QueryResult[]
    return (Array.isArray(answer) ? answer.at(-1)! : answer).rows
  } finally {
    await client.end()
  }
}
