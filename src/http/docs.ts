import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Nothing from elsewhere, and nothing inline but one style of Swagger UI's own, by its hash: a browser's console names the new one after an upgrade. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const SCRIPT = 'text/javascript; charset=utf-8'

/** What the page needs of the package, and what it is; nothing else of it is served. */
const ASSETS = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': SCRIPT,
  'swagger-ui-standalone-preset.js': SCRIPT,
  'favicon-32x32.png': 'image/png',
}

/** `/docs`: every OpenAPI document that is served, readable in a browser. Files are looked for and read when somebody looks. */
export function addDocs(http: FastifyInstance): void {
  http.register(async scope => {
    scope.addHook('onRequest', async (_request, reply) => guard(reply))
    scope.get('/docs', async (_request, reply) => reply.type('text/html; charset=utf-8').send(PAGE))
    scope.get('/docs/start.js', async (_request, reply) =>
      reply
        .type(SCRIPT)
        .header('cache-control', 'no-cache')
        .send(startWith(documentsOf(http))),
    )
    for (const [file, type] of Object.entries(ASSETS)) {
      scope.get(`/docs/${file}`, (request, reply) => sendAsset(file, request, reply.type(type)))
    }
  })
}

async function sendAsset(file: string, { headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const path = join(dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')), file)
  const { size, mtimeMs } = await stat(path)
  const etag = `"${size}-${mtimeMs}"`
  reply.header('cache-control', 'public, max-age=3600').header('etag', etag)
  if (headers['if-none-match'] === etag) return reply.code(304).send()
  return reply.header('content-length', size).send(createReadStream(path))
}

function guard(reply: FastifyReply): void {
  reply.header('content-security-policy', POLICY)
  reply.header('x-content-type-options', 'nosniff')
  reply.header('referrer-policy', 'no-referrer')
}

/** In the order in which the dialects were added: Rolecall's own first. */
function documentsOf(http: FastifyInstance): readonly { readonly url: string; readonly name: string }[] {
  const urls = http.routePaths().filter(path => /^\/openapi\/[a-z]+\.json$/.test(path))
  return urls.map(url => ({ url, name: url.slice('/openapi/'.length, -'.json'.length) }))
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Rolecall: how to call it</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<noscript><p>The documents themselves are at <a href="/openapi/native.json">/openapi/native.json</a> and beside it; <a href="/">the front page</a> lists them.</p></noscript>
<main id="docs"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/swagger-ui-standalone-preset.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`

/** No validator badge: it would ask another server. */
function startWith(urls: readonly object[]): string {
  const options = {
    urls,
    dom_id: '#docs',
    deepLinking: true,
    validatorUrl: null,
    docExpansion: 'list',
    tryItOutEnabled: false,
  }
  return `SwaggerUIBundle({
  ...${JSON.stringify(options)},
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: 'StandaloneLayout',
})
`
}
