import { createServer } from 'node:http'
import { MongoClient } from 'mongodb'
import type { TestServer } from '../test/support/servers.ts'

/** node:http, a pool, one command, JSON: what it costs to ask a MongoDB server for its logins at all. */
const { host, port, username, password } = JSON.parse(process.argv[2] ?? '{}') as TestServer
const auth = { username, password }
const client = new MongoClient(`mongodb://${host}:${port}/?directConnection=true`, { auth, maxPoolSize: 4 })
const logins = client.db('admin').collection('system.users')

const server = createServer(async (_request, response) => {
  const found = logins.find({ db: 'admin' }, { projection: { credentials: 0 } })
  const body = JSON.stringify({ results: await found.sort({ user: 1, db: 1 }).toArray() })
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
})
server.listen(0, '127.0.0.1', () => {
  const { port: listening } = server.address() as { port: number }
  process.stdout.write(`http://127.0.0.1:${listening}\n`)
})
process.on('SIGTERM', () => process.exit(0))
