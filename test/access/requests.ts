import type { App } from '../../src/app.ts'
import type { Need } from './needs.ts'
import type { Things } from './things.ts'

export interface Reply {
  readonly status: number
  /** Everything that a caller could tell one answer from another by; ids that were asked for are masked. */
  readonly bytes: string
  readonly text: string
}

/** The same for every answer, whoever asks. */
const ALWAYS_DIFFERENT = ['date', 'ratelimit', 'ratelimit-remaining', 'ratelimit-reset', 'content-length']

/** One dialect answers under no other ids than UUIDs. */
const REQUEST_ID = 'c0ffee00-0000-4000-8000-000000000000'

/** Asks for a route as the matrix spells it, with these things in its path. */
export async function askRoute(
  app: App,
  route: string,
  need: Need,
  things: Things,
  key: string | null,
): Promise<Reply> {
  const [method = '', template = ''] = route.split(' ')
  const answer = await app.http.inject({
    method: method as 'GET',
    url: filled(template, thingsAt(template, things)),
    headers: {
      ...headersFor(need),
      ...(template.startsWith('/api/atlas/v2') && { accept: 'application/vnd.atlas.2025-03-12+json' }),
      // Each dialect looks where its own clients put it.
      ...(key !== null && { authorization: `Bearer ${key}`, 'x-auth-token': key }),
      'x-request-id': REQUEST_ID,
    },
    payload: need.csv ?? (need.body === undefined ? undefined : filled(JSON.stringify(need.body), things)),
    payloadAsStream: true,
  })
  const endless = need.stream && answer.statusCode === 200
  const text = endless ? '' : await textOf(answer.stream())
  if (endless) answer.stream().destroy()
  const headers = Object.entries(answer.headers).filter(
    ([name, value]) => !ALWAYS_DIFFERENT.includes(name) && !isChallenge(value),
  )
  const bytes = masked(JSON.stringify([answer.statusCode, headers, text]), things)
  return { status: answer.statusCode, bytes, text }
}

/** Each has a nonce of its own, and only who brought no token gets one. */
const isChallenge = (value: unknown): boolean => typeof value === 'string' && value.startsWith('Digest ')

function headersFor({ body, csv }: Need): Record<string, string> {
  if (csv !== undefined) return { 'content-type': 'text/csv' }
  return body === undefined ? {} : { 'content-type': 'application/json' }
}

/** `:entityId` is of the collection that the path names. */
function thingsAt(template: string, things: Things): Things {
  const entityId = template.includes('/data-sources/') ? things.dataSourceId! : things.connection!
  return { ...things, entityId }
}

function filled(text: string, things: Things): string {
  return text.replace(/:([a-zA-Z]+)(?=[/"]|$)/g, (whole, name: string) => things[name] ?? whole)
}

function masked(text: string, things: Things): string {
  return Object.entries(things).reduce((whole, [name, id]) => whole.replaceAll(id, `<${name}>`), text)
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts).toString()
}
