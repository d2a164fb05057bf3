import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

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

/** What the page needs of the package; nothing else of it is served. */
const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-ui-standalone-preset.js', 'favicon-32x32.png']

/** `/docs`: every OpenAPI document that is served, readable in a browser. Files are read when somebody looks. */
export function addDocs(http: FastifyInstance): void {
  http.register(async scope => {
    const root = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
    await scope.register(fastifyStatic, { root, serve: false, maxAge: '1h' })
    scope.addHook('onRequest', async (_request, reply) => guard(reply))
    scope.get('/docs', async (_request, reply) => reply.type('text/html; charset=utf-8').send(PAGE))
    scope.get('/docs/start.js', async (_request, reply) =>
      reply
        .type('text/javascript; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send(startWith(documentsOf(http))),
    )
    for (const file of ASSETS) scope.get(`/docs/${file}`, (_request, reply) => reply.sendFile(file))
  })
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
