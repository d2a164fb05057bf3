import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import type { Change } from '../../../src/domain/users/change.ts'
import type { UserKey } from '../../../src/domain/users/user.ts'
import type { AdminClient, Engine, Target } from '../../../src/engines/engine.ts'
import { createEngines } from '../../../src/engines/registry.ts'
import { aMark, apply, INSTALLATION } from '../changes.ts'
import { type FamilyServer, mysqlServers, type TestServer, targetOf } from '../servers.ts'
import { mysqlClient } from './logins.ts'

/** A server, the engine's own link to it, and a client behind its back. */
export interface Workbench {
  readonly engine: Engine
  readonly server: TestServer
  readonly client: AdminClient
  readonly target: (change?: Partial<Target>) => Target
  readonly open: (change?: Partial<Target>) => Promise<AdminClient>
  readonly run: (change: Change, mark?: ReturnType<typeof aMark>) => ReturnType<typeof apply>
  readonly logsIn: (key: UserKey, password: string) => Promise<boolean>
  readonly sql: (text: string, ...values: readonly string[]) => Promise<readonly Record<string, unknown>[]>
}

const engine = createEngines().get('mysql')

type Tests = (bench: () => Workbench, isMariadb: boolean) => void

/** Tests on every server of the MySQL family that this run has; left out, and told, where `ENGINES` leaves the family out. */
export function onMysqlFamily(title: string, tests: Tests): void {
  for (const server of mysqlServers()) onServer(`${title}: ${server.name}`, server, tests)
  leftOut(title)
}

function leftOut(title: string): void {
  if (mysqlServers().length === 0) test.skip(`${title}: ENGINES leaves the MySQL family out`)
}

function onServer(title: string, { start, variant }: FamilyServer, tests: Tests): void {
  describe(title, () => {
    let bench: Workbench
    let behind: Connection
    let attempt = 0

    beforeAll(async () => {
      const server = await start()
      behind = await mysqlClient(server)
      const target = (change: Partial<Target> = {}) => targetOf(server, change)
      const open = (change: Partial<Target> = {}) => {
        const session = { installation: INSTALLATION, operation: `op_BENCH${process.pid}`, attempt: ++attempt }
        return engine.open(target(change), session, AbortSignal.timeout(3_600_000))
      }
      const client = await open()
      bench = {
        engine,
        server,
        client,
        target,
        open,
        run: (change, mark = aMark()) => apply(engine, client, change, mark),
        logsIn: (key, password) => engine.canLogIn(target(), key, new Secret(password), AbortSignal.timeout(10_000)),
        sql: async (text, ...values) => (await behind.query(text, [...values]))[0] as Record<string, unknown>[],
      }
    })

    afterAll(async () => {
      await bench?.client[Symbol.asyncDispose]()
      await behind?.end()
    })

    tests(() => bench, variant === 'mariadb')
  })
}
