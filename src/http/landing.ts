import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { VERSION } from '../version.ts'

const WORDS: Readonly<Record<string, string>> = {
  '/docs': 'How to call it, readable',
  '/metrics': 'Prometheus metrics',
  '/livez': 'Is it alive',
  '/readyz': 'Is it ready',
}

const STYLE = `body{font:16px/1.6 system-ui,sans-serif;max-width:44rem;margin:10vh auto;padding:0 1.5rem;color:#1a2433;background:#fff}
h1{margin-bottom:0}code,.small{color:#51607a}a{color:#0b4f9e}li{margin:.3rem 0}
@media(prefers-color-scheme:dark){body{color:#e4e9f2;background:#12171f}code,.small{color:#a3b1c8}a{color:#8fc1ff}}`

declare module 'fastify' {
  interface FastifyInstance {
    /** A dialect whose clients ask at `/` answers all but browsers there. */
    answerFront?: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>
  }
}

/** `/` says what runs here and where its documents are: a page for browsers, JSON for everybody else. */
export function addLanding(http: FastifyInstance): void {
  http.get('/', async (request, reply) => {
    const documents = documentsOf(http)
    reply.header('vary', 'accept').header('cache-control', 'no-store')
    if (!prefersPage(request.headers.accept))
      return http.answerFront?.(request, reply) ?? { name: 'rolecall', version: VERSION, documents }
    return reply
      .type('text/html; charset=utf-8')
      .header(
        'content-security-policy',
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
      )
      .send(pageOf(documents))
  })
}

/** Browsers name HTML first, and what they would take beside it with less weight. */
function prefersPage(accept = ''): boolean {
  const weightOf = (type: string) => {
    const range = accept
      .toLowerCase()
      .split(',')
      .find(one => one.trim().split(';')[0]?.trim() === type)
    return range === undefined ? 0 : Number(/;\s*q=([\d.]+)/.exec(range)?.[1] ?? 1)
  }
  const others = ['application/json', 'application/xml'].map(weightOf)
  return weightOf('text/html') > 0 && others.every(weight => weight <= weightOf('text/html'))
}

/** Only what is really served: dialects bring their own documents. */
function documentsOf(http: FastifyInstance): readonly string[] {
  const served = http.routePaths().filter(path => path in WORDS || /^\/openapi\/[a-z]+\.json$/.test(path))
  return [...new Set(served)].sort()
}

function pageOf(documents: readonly string[]): string {
  const items = documents.map(
    path => `<li><a href="${path}">${path}</a> <span class="small">${wordsFor(path)}</span></li>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Rolecall</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${STYLE}</style></head><body><main>
<h1>Rolecall</h1><p class="small">${VERSION}</p><p>Every login on every database, one roll.</p>
<p>This server lists, creates, changes and removes logins on the database servers that it was given.
Its own API begins at <code>/rolecall/v1</code> and wants <code>Authorization: Bearer KEY</code>.</p>
<ul>${items.join('')}</ul></main></body></html>`
}

function wordsFor(path: string): string {
  return WORDS[path] ?? `OpenAPI document of the ${path.slice('/openapi/'.length, -'.json'.length)} API`
}
