import { authorizationOf, challengeIn, type DigestKey } from '../test/dialects/atlas/digest-client.ts'
import { mongodbClient } from '../test/support/mongodb/logins.ts'
import { mongodbServers } from '../test/support/servers.ts'
import type { Sign } from './load.ts'
import { type Rolecall, startBareMongodb, startRolecall } from './servers.ts'
import { type Loaded, printCompared, printHeading } from './side-by-side.ts'

const USERS = 20
const CONNECTIONS = [1, 16, 64]

/** All database users of a project with one cluster, by both of the ways in that clients of the Atlas API have. */
export async function benchAtlasUsers(): Promise<void> {
  const server = await mongodbServers()[0]!.start()
  await using rolecall = await startRolecall(server)
  await using bare = await startBareMongodb(server)
  const client = mongodbClient(server)
  const names = Array.from({ length: USERS }, (_, n) => `bench-${String(n).padStart(2, '0')}`)
  for (const name of names) await client.db('admin').command({ createUser: name, pwd: 'a-bench', roles: ['read'] })
  const path = `/api/atlas/v1.0/groups/${rolecall.project}/databaseUsers`
  const theirs: Loaded = { url: bare.url, paths: ['/'] }
  const digest: Loaded = { url: rolecall.url, paths: [path], sign: count => digestSigns(rolecall, path, count) }
  const authorization = `Bearer ${await tokenOf(rolecall)}`
  const bearer: Loaded = { url: rolecall.url, paths: [path], headers: { authorization } }
  printHeading(`All ${USERS} database users of an Atlas project`)
  for (const connections of CONNECTIONS) {
    await printCompared('digest', connections, theirs, digest)
    await printCompared('bearer', connections, theirs, bearer)
  }
  for (const name of names) await client.db('admin').command({ dropUser: name })
  await client.close()
}

/** Each connection has a nonce of its own and counts on with it, as clients do that keep one. */
async function digestSigns({ url, digestKey }: Rolecall, path: string, count: number): Promise<readonly Sign[]> {
  return Promise.all(Array.from({ length: count }, () => digestSign(url, digestKey, path)))
}

async function digestSign(url: string, key: DigestKey, path: string): Promise<Sign> {
  const challenged = await fetch(`${url}${path}`)
  await challenged.text()
  const { nonce } = challengeIn(challenged.headers.get('www-authenticate') ?? undefined)
  let count = 0
  return uri => {
    const nc = (++count).toString(16).padStart(8, '0')
    return { authorization: authorizationOf(key, { method: 'GET', uri, nonce, nc }) }
  }
}

/** What a service account of the project is let in with. */
async function tokenOf({ url, digestKey, project }: Rolecall): Promise<string> {
  const path = `/api/atlas/v2/groups/${project}/serviceAccounts`
  const accept = { accept: 'application/vnd.atlas.2024-08-05+json' }
  const challenged = await fetch(`${url}${path}`, { headers: accept })
  const { nonce } = challengeIn(challenged.headers.get('www-authenticate') ?? undefined)
  const authorization = authorizationOf(digestKey, { method: 'POST', uri: path, nonce })
  const body = { name: 'bench', description: '', roles: ['GROUP_READ_ONLY'], secretExpiresAfterHours: 8 }
  const { clientId, secrets } = await answerOf(`${url}${path}`, { ...accept, authorization }, JSON.stringify(body))
  const basic = Buffer.from(`${clientId}:${secrets[0].secret}`).toString('base64')
  const form = new URLSearchParams({ grant_type: 'client_credentials' })
  return (await answerOf(`${url}/api/oauth/token`, { authorization: `Basic ${basic}` }, form)).access_token
}

// biome-ignore lint/suspicious/noExplicitAny: an answer as it is.
async function answerOf(url: string, headers: Record<string, string>, body: string | URLSearchParams): Promise<any> {
  const type: Record<string, string> = typeof body === 'string' ? { 'content-type': 'application/json' } : {}
  const answer = await fetch(url, { method: 'POST', headers: { ...type, ...headers }, body })
  if (!answer.ok) throw new Error(await answer.text())
  return answer.json()
}
