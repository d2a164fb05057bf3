import type { ApiKey } from '../../../src/domain/callers/api-key.ts'
import type { Operator } from '../../../src/domain/callers/operator.ts'
import { newSecret } from '../../../src/domain/secret.ts'
import type { Role } from '../../../src/domain/users/role.ts'
import { aKey, anOperator } from '../../store/builders.ts'
import { type Answer, type AppWish, type Asking, aRunningApp, type RunningApp } from '../../support/app.ts'
import { documentCheck } from '../../support/document-check.ts'

/** A member of the organisation with a key of its own. */
export interface Member {
  readonly id: string
  readonly username: string
  readonly publicKey: string
  readonly key: string
}

/** A Rolecall whose every answer is held against the dialect's own document. */
export interface Wiremock extends AsyncDisposable {
  readonly running: RunningApp
  /** The first operator's connections. */
  readonly home: string
  ask(method: string, path: string, asking?: Asking): Promise<Answer>
  /** Creates a connection; answers its id. */
  create(own?: object): Promise<string>
  aMember(role: Role, own?: { readonly key?: Partial<ApiKey>; readonly operator?: Partial<Operator> }): Promise<Member>
}

const PASSWORD = 'mysecretpassword'

/** The published example's row 1. */
export function aConnection(own: object = {}) {
  return {
    connectionName: 'My database connection',
    databaseType: 'POSTGRESQL',
    host: 'my-db.example.com',
    port: 5432,
    databaseName: 'my-test-data',
    username: 'alice',
    password: PASSWORD,
    ...own,
  }
}

let counted = 0

/** A name that no other connection of this file has. */
export const aName = () => `connection ${++counted}`

export async function aWiremock(wish: AppWish = {}): Promise<Wiremock> {
  const running = await aRunningApp(wish)
  const home = `/v1/users/${running.operator}/database-connections`
  const { body: document } = await running.ask('GET', '/openapi/wiremock.json', { key: null })
  const check = documentCheck(document, {
    refusal: 'PlainMessage',
    canonical: path => path.replace(/^\/v1\/data-connections\//, '/v1/database-connections/'),
  })

  async function ask(method: string, path: string, asking: Asking = {}): Promise<Answer> {
    const answer = await running.ask(method as 'GET', path, asking)
    const { status, text, headers } = answer
    if (status !== 307 && method !== 'OPTIONS') {
      check({ method, path, status, text, contentType: headers['content-type'] })
    }
    if (headers['cache-control'] !== 'no-store') throw new Error(`${method} ${path} may be stored by caches`)
    if (text.includes(PASSWORD)) throw new Error(`${method} ${path} tells the password`)
    return answer
  }

  async function create(own: object = {}): Promise<string> {
    const body = { databaseConnection: aConnection({ connectionName: aName(), ...own }) }
    const made = await ask('POST', home, { body })
    if (made.status !== 201) throw new Error(`no connection: ${made.text}`)
    return made.body.databaseConnection.id
  }

  async function aMember(role: Role, own: Parameters<Wiremock['aMember']>[1] = {}): Promise<Member> {
    const operator = anOperator(own.operator)
    const key = aKey(operator.id, running.project, { projects: [{ projectId: running.project, role }], ...own.key })
    const secret = newSecret(40)
    await running.app.store.transaction(async tables => {
      await tables.operators.add(operator)
      await tables.members.set(running.project, operator.id, role, await tables.now())
      await tables.keys.add(key, secret)
    })
    return { id: operator.id, username: operator.username, publicKey: key.publicKey, key: secret.reveal() }
  }

  return { running, home, ask, create, aMember, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

/** The details of a refusal, in their order. */
export const detailsOf = (answer: Answer): string[] => answer.body.errors.map((one: { detail: string }) => one.detail)
