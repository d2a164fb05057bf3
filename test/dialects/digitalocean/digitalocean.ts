import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from '../../../src/domain/callers/scope.ts'
import type { Role } from '../../../src/domain/users/role.ts'
import { type Answer, type AppWish, type Asking, aRunningApp, type RunningApp } from '../../support/app.ts'
import { documentCheck } from '../../support/document-check.ts'
import { aPerson } from '../../support/people.ts'

/** A Rolecall whose every answer is held against the dialect's own document, and against what the contract wants of all of them. */
export interface DigitalOcean extends AsyncDisposable {
  readonly running: RunningApp
  ask(method: string, path: string, asking?: Asking): Promise<Answer>
  /** The private half of a new key of a new member. */
  aToken(role: Role, scopes?: readonly Scope[]): Promise<string>
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const NOWHERE = '5b0c6a52-8f0e-4a57-9d0f-2f6c7a1d9e10'

export async function aDigitalOcean(wish: AppWish = {}): Promise<DigitalOcean> {
  return digitalOceanOf(await aRunningApp(wish))
}

/** This API of a Rolecall that runs already. */
export async function digitalOceanOf(running: RunningApp): Promise<DigitalOcean> {
  const { body: document } = await running.ask('GET', '/openapi/digitalocean.json', { key: null })
  const checkDocument = documentCheck(document, { refusal: 'Error' })

  async function ask(method: string, path: string, asking: Asking = {}): Promise<Answer> {
    const answer = await running.ask(method as 'GET', path, asking)
    checkManners(method, path, answer)
    checkDocument({
      method,
      path,
      status: answer.status,
      text: answer.text,
      contentType: answer.headers['content-type'],
    })
    return answer
  }

  async function aToken(role: Role, scopes?: readonly Scope[]): Promise<string> {
    const projects = [{ projectId: running.project, role, scopes }]
    return (await aPerson(running.app.store, running.project, role, { key: { projects } })).key
  }

  return { running, ask, aToken, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

/** The status of a request whose address is sent as it is: what tests use else resolves dot segments, as many clients do. */
export function askRaw({ running }: DigitalOcean, method: string, path: string): Promise<number> {
  const { port } = running.app.http.server.address() as AddressInfo
  const headers = { authorization: `Bearer ${running.key.privateKey}`, 'content-type': 'application/json' }
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, answer => {
      answer.resume()
      resolve(answer.statusCode!)
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** The contract's: what a client may tell refusals apart by. */
const IDS: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  412: 'precondition_failed',
  413: 'request_too_large',
  422: 'unprocessable_entity',
  429: 'too_many_requests',
  500: 'server_error',
  503: 'service_unavailable',
}

/** Where a server is, and what it was asked. */
const TELLTALE = /127\.0\.0\.1|\.test\b|\bselect\b|\b(create|alter|drop) (role|user|database|schema)\b/i

/** What holds for every answer, whatever it is. */
function checkManners(method: string, path: string, { status, headers, body, text }: Answer): void {
  const wrong = (words: string) => new Error(`${method} ${path} answered ${status} ${words}: ${text.slice(0, 300)}`)
  for (const name of ['limit', 'remaining', 'reset']) {
    if (!/^\d+$/.test(headers[`ratelimit-${name}`] ?? '')) throw wrong(`without a plain ratelimit-${name}`)
  }
  if (!UUID.test(headers['x-request-id'] ?? '')) throw wrong('without a UUID as x-request-id')
  if (headers['retry-after'] !== undefined && status !== 429 && status !== 503) throw wrong('with Retry-After')
  if ([429, 503].includes(status) && !/^\d+$/.test(headers['retry-after'] ?? '')) throw wrong('without Retry-After')
  if (status === 204 && (text !== '' || headers['content-type'])) throw wrong('with a body or its type')
  if (status !== 204 && headers['content-type'] !== 'application/json; charset=utf-8') throw wrong('as no JSON')
  if (status >= 400 && method !== 'HEAD' && body.request_id !== headers['x-request-id'])
    throw wrong('under two request ids')
  if (status >= 400 && method !== 'HEAD' && body.id !== IDS[status]) throw wrong('under an id that is not its own')
  if (status >= 400 && method !== 'HEAD' && TELLTALE.test(body.message))
    throw wrong('with words that are nobody’s business')
}
