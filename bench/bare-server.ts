import { createServer } from 'node:http'
import pg from 'pg'
import type { TestServer } from '../test/support/servers.ts'
import { listQuery } from './question.ts'

/** node:http, a pool, one statement, JSON. What it costs to ask at all: no key, no rights, no checks, no other engine. */
const { host, port, database, username: user, password } = JSON.parse(process.argv[2] ?? '{}') as TestServer
const pool = new pg.Pool({ host, port, database, user, password, max: 4 })
const text = await listQuery(pool)

const server = createServer(async (request, response) => {
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams
  const limit = Number(query.get('limit') ?? 100)
  const after = Buffer.from(query.get('after') ?? '', 'base64url').toString()
  const { rows } = await pool.query(text, [after, limit + 1, null, true])
  const body = JSON.stringify({
    items: rows.slice(0, limit),
    next: rows.length > limit ? rows[limit - 1].name : undefined,
  })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
})
server.listen(0, '127.0.0.1', () => {
  const { port: listening } = server.address() as { port: number }
  process.stdout.write(`http://127.0.0.1:${listening}\n`)
})
process.on('SIGTERM', () => process.exit(0))
