import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Answer } from '../../../support/app.ts'
import { type RunningCluster, startCluster } from '../../../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf, type TestServer } from '../../../support/servers.ts'
import { aTrove, type Trove } from '../trove.ts'

export const PASSWORD = 's3cret-word'
export const NS = 'http://docs.openstack.org/database/api/v1.0'

export const inDatabases = (...names: string[]) => names.map(name => ({ name }))

/** A user as it is told, and as it is asked for. */
export const user = (name: string, ...databases: string[]) => ({
  name,
  host: '%',
  databases: inDatabases(...databases),
})
export const wanted = (name: string, ...databases: string[]) => ({
  name,
  password: PASSWORD,
  databases: inDatabases(...databases),
})

export const message = ({ body }: { body: Record<string, { message: string }> }) => Object.values(body)[0]!.message

/** A server of a test file's own, on which nobody is before each test: whole lists are compared, byte for byte. */
export interface UsersGround {
  readonly trove: Trove
  readonly server: TestServer
  /** The instance's path below the account. */
  readonly at: string
  readonly users: (rest?: string) => string
  readonly get: (rest: string, headers?: Readonly<Record<string, string>>) => Promise<Answer>
  readonly create: (...all: object[]) => Promise<Answer>
  readonly drop: (name: string) => Promise<Answer>
}

export function usersGround(): UsersGround {
  let cluster: RunningCluster
  let trove: Trove
  let at: string

  const users = (rest = '') => `${at}/users${rest}`
  const get = (rest: string, headers = {}) => trove.api('GET', users(rest), { headers })
  const create = (...all: object[]) => trove.api('POST', users(), { body: { users: all } })
  const drop = (name: string) => trove.api('DELETE', users(`/${encodeURIComponent(name)}`))

  beforeAll(async () => {
    cluster = await startCluster(await ownPostgresql())
    trove = await aTrove()
    at = await trove.manage(serverOf(cluster), { instanceName: 'orders-1' })
    await trove.api('POST', `${at}/databases`, { body: { databases: inDatabases('ledger', 'stock') } })
  })
  afterAll(async () => {
    await trove?.[Symbol.asyncDispose]()
    await cluster?.[Symbol.asyncDispose]()
  })
  beforeEach(async () => {
    for (;;) {
      const { body } = await get('')
      for (const { name } of body.users) await drop(`${name}@%`)
      if (body.users.length === 0) return
    }
  })

  return {
    get trove() {
      return trove
    },
    get server() {
      return serverOf(cluster)
    },
    get at() {
      return at
    },
    users,
    get,
    create,
    drop,
  }
}
