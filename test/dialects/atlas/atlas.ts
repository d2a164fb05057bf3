import { type Answer, type AppWish, type Asking, aRunningApp, type RunningApp } from '../../support/app.ts'
import { authorizationOf, challengeIn, type DigestKey } from './digest-client.ts'

/** A Rolecall that is asked by Digest, as this API's clients do. */
export interface Atlas extends AsyncDisposable {
  readonly running: RunningApp
  /** Any path; `as: null` brings no credentials. */
  ask(method: string, path: string, asking?: AtlasAsking): Promise<Answer>
  /** Below `/api/atlas/v1.0/groups/{project}`. */
  v1(method: string, below: string, asking?: AtlasAsking): Promise<Answer>
  /** Below `/api/atlas/v2/groups/{project}`, in the first version of everything. */
  v2(method: string, below: string, asking?: AtlasAsking): Promise<Answer>
}

export interface AtlasAsking extends Omit<Asking, 'key'> {
  readonly as?: DigestKey | null
}

export const V2 = { accept: 'application/vnd.atlas.2023-01-01+json' } as const

export async function anAtlas(wish: AppWish = {}): Promise<Atlas> {
  const running = await aRunningApp(wish)

  async function ask(method: string, path: string, { as = running.key, ...asking }: AtlasAsking = {}): Promise<Answer> {
    const send = (headers: Readonly<Record<string, string>>) =>
      running.ask(method as 'GET', path, { ...asking, key: null, headers: { ...headers, ...asking.headers } })
    if (as === null) return send({})
    const { nonce, algorithm } = challengeIn((await send({})).headers['www-authenticate'])
    return send({ authorization: authorizationOf(as, { method, uri: path, nonce, algorithm }) })
  }

  const v1: Atlas['v1'] = (method, below, asking) =>
    ask(method, `/api/atlas/v1.0/groups/${running.project}${below}`, asking)
  const v2: Atlas['v2'] = (method, below, asking = {}) =>
    ask(method, `/api/atlas/v2/groups/${running.project}${below}`, { ...asking, headers: { ...V2, ...asking.headers } })

  return { running, ask, v1, v2, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() }
}
