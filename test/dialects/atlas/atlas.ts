import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CODES } from '../../../src/dialects/atlas/refusals/codes.ts'
import type { Role } from '../../../src/domain/users/role.ts'
import { type Answer, type AppWish, type Asking, aRunningApp, type RunningApp } from '../../support/app.ts'
import { type Document, documentCheck } from '../../support/document-check.ts'
import { aPerson, type PersonWish } from '../../support/people.ts'
import { authorizationOf, challengeIn, type DigestKey } from './digest-client.ts'

/** A Rolecall that is asked by Digest, as this API's clients do; every answer is held against the document and the manners of this API. */
export interface Atlas extends AsyncDisposable {
  readonly running: RunningApp
  /** The installation. */
  readonly org: string
  /** Any path; `as: null` brings no credentials. */
  ask(method: string, path: string, asking?: AtlasAsking): Promise<Answer>
  /** Below `/api/atlas/v1.0/groups/{project}`. */
  v1(method: string, below: string, asking?: AtlasAsking): Promise<Answer>
  /** Below `/api/atlas/v2/groups/{project}`, in the first version of everything. */
  v2(method: string, below: string, asking?: AtlasAsking): Promise<Answer>
  /** A key of a new member of the project. */
  aKey(role: Role, wish?: PersonWish): Promise<DigestKey & { readonly id: string }>
}

export interface AtlasAsking extends Omit<Asking, 'key'> {
  readonly as?: DigestKey | null
}

export const V2 = { accept: 'application/vnd.atlas.2023-01-01+json' } as const

export async function anAtlas(wish: AppWish = {}): Promise<Atlas> {
  const running = await aRunningApp(wish)
  const { body: document } = await running.ask('GET', '/openapi/atlas.json', { key: null })
  const check = documentCheck(document, { refusal: 'ApiError' })

  async function ask(method: string, path: string, { as = running.key, ...asking }: AtlasAsking = {}): Promise<Answer> {
    const send = async (headers: Readonly<Record<string, string>>) => {
      const asked = { ...asking, key: null, headers: { ...headers, ...asking.headers } }
      const answer = await running.ask(method as 'GET', path, asked)
      if (path.startsWith('/api/atlas/')) checkManners(method, path, answer)
      const { status, text, headers: answered } = answer
      const isPlain = !/[?&]envelope=true/i.test(path) && isInDocument(document, method, path)
      if (isPlain) check({ method, path, status, text, contentType: answered['content-type'] })
      return answer
    }
    if (as === null) return send({})
    const { nonce, algorithm } = challengeIn((await send({})).headers['www-authenticate'])
    return send({ authorization: authorizationOf(as, { method, uri: path, nonce, algorithm }) })
  }

  const v1: Atlas['v1'] = (method, below, asking) =>
    ask(method, `/api/atlas/v1.0/groups/${running.project}${below}`, asking)
  const v2: Atlas['v2'] = (method, below, asking = {}) =>
    ask(method, `/api/atlas/v2/groups/${running.project}${below}`, { ...asking, headers: { ...V2, ...asking.headers } })

  async function aKey(role: Role, own?: PersonWish) {
    const { store } = running.app
    const { key, keyId } = await aPerson(store, running.project, role, own)
    running.heard({ password: key }, '')
    return { id: keyId, privateKey: key, publicKey: (await store.read.keys.find(keyId))!.publicKey }
  }

  const org = running.app.services.organisationId
  return { running, org, ask, v1, v2, aKey, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}

/** What is answered to an address that is sent as it is: what tests use else resolves dot segments, as many clients do. */
export async function askRaw({ running }: Atlas, method: string, path: string) {
  const { port } = running.app.http.server.address() as AddressInfo
  const send = (headers: Readonly<Record<string, string>>) =>
    new Promise<{ status: number; text: string; challenge?: string }>((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, async answer => {
        const text = Buffer.concat(await answer.toArray()).toString()
        resolve({ status: answer.statusCode!, text, challenge: answer.headers['www-authenticate'] })
      })
      asked.on('error', reject)
      asked.end()
    })
  const { nonce } = challengeIn((await send({})).challenge)
  return send({ authorization: authorizationOf(running.key, { method, uri: path, nonce }) })
}

function isInDocument({ paths }: Document, method: string, path: string): boolean {
  const given = path.split('?')[0]!.split('/')
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase()
  return Object.entries(paths).some(([template, operations]) => {
    const wanted = template.split('/')
    const fits = wanted.every((part, at) => part === given[at] || (part.startsWith('{') && given[at]))
    return wanted.length === given.length && fits && operations[verb] !== undefined
  })
}

/** Where a server is, and what it was asked. */
const TELLTALE = /127\.0\.0\.1|\.test\b|usersInfo|createUser|updateUser|dropUser/

/** What holds for every answer, whatever it is. */
function checkManners(method: string, path: string, { status, headers, body, text }: Answer): void {
  const wrong = (words: string) => new Error(`${method} ${path} answered ${status} ${words}: ${text.slice(0, 300)}`)
  if (!/^gitHash=[0-9a-f]{40}; versionString=\S+$/.test(headers['x-mongodb-service-version'] ?? ''))
    throw wrong('without its version')
  if (!headers['content-type']) throw wrong('without a type')
  for (const [name, value] of Object.entries({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' }))
    if (headers[name] !== value) throw wrong(`without ${name}`)
  if (status < 400 || method === 'HEAD') return
  const error = body.content ?? body
  if (error.error !== status || typeof error.reason !== 'string' || typeof error.detail !== 'string')
    throw wrong('without error, reason or detail')
  const isChallenged = status === 401 && error.errorCode === 'UNEXPECTED_ERROR'
  if (isChallenged) return
  if (headers['www-authenticate']) throw wrong('with a challenge that is of no use')
  if (headers['content-type'] !== 'application/json') throw wrong('not as plain JSON')
  if (CODES[error.errorCode as keyof typeof CODES]?.[0] !== status) throw wrong('under a code that is not its own')
  if (path.startsWith('/api/atlas/v2') && headers['x-error-code'] !== error.errorCode) throw wrong('without its code')
  const told = (error.parameters ?? [])
    .map(String)
    .filter(Boolean)
    .toSorted((a: string, b: string) => b.length - a.length)
  const own = told.reduce((rest: string, one: string) => rest.replaceAll(one, '·'), error.detail)
  if (TELLTALE.test(own)) throw wrong('with words that are nobody’s business')
  if (/[45]\d\d|UNEXPECTED_ERROR/.test(own) && status !== 500) throw wrong('with digits that Terraform repeats for')
}
