import type { Role } from '../../../src/domain/users/role.ts'
import { type Answer, type AppWish, type Asking, aRunningApp, type RunningApp } from '../../support/app.ts'
import { documentCheck } from '../../support/document-check.ts'
import { aPerson } from '../../support/people.ts'
import type { TestServer } from '../../support/servers.ts'

/** A Rolecall whose every answer of this dialect is held against the dialect's own document. */
export interface Trove extends AsyncDisposable {
  readonly running: RunningApp
  /** Any path; the token goes where this API wants it. */
  ask(method: string, path: string, asking?: Asking): Promise<Answer>
  /** Below `/v1.0/{project}`. */
  api(method: string, below: string, asking?: Asking): Promise<Answer>
  /** Puts a server under management through a login of ours; answers its instance's path below the project. */
  manage(server: TestServer, more?: Readonly<Record<string, unknown>>): Promise<string>
  aKey(role: Role): Promise<string>
}

export const XML = { accept: 'application/xml' } as const

export async function aTrove(wish: AppWish = {}): Promise<Trove> {
  const running = await aRunningApp(wish)
  const { body: document } = await running.ask('GET', '/openapi/trove.json', { key: null })
  const check = documentCheck(document, { refusal: 'Fault', canonical: path => path.replace(/\.(json|xml)$/, '') })

  async function ask(method: string, path: string, { key, ...asking }: Asking = {}): Promise<Answer> {
    const secret = key === undefined ? running.key.privateKey : key
    const headers = { ...(secret === null ? {} : { 'x-auth-token': secret }), ...asking.headers }
    const answer = await running.ask(method as 'GET', path, { ...asking, key: null, headers })
    const { status, text, headers: answered } = answer
    if (isInDocument(document, method, path) && method !== 'HEAD')
      check({ method, path, status, text, contentType: answered['content-type'] })
    if (!/^req-[0-9a-f-]{36}$/.test(String(answered['x-openstack-request-id'])))
      throw new Error(`${method} ${path} has no request id`)
    return answer
  }

  const api = (method: string, below: string, asking?: Asking) =>
    ask(method, `/v1.0/${running.project}${below}`, asking)

  async function manage(server: TestServer, more = {}): Promise<string> {
    const { instance } = await running.connect(server, more)
    return `/instances/${instance}`
  }

  const aKey = async (role: Role) => (await aPerson(running.app.store, running.project, role)).key

  return { running, ask, api, manage, aKey, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

function isInDocument(document: { paths: Record<string, object> }, method: string, path: string): boolean {
  const parts = path.split('?')[0]!.split('/')
  return Object.entries(document.paths).some(([template, operations]) => {
    const wanted = template.split('/')
    const fits = wanted.length === parts.length && wanted.every((one, at) => one.startsWith('{') || one === parts[at])
    return fits && method.toLowerCase() in operations
  })
}
