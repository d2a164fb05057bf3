import { engineClient } from '../test/support/logins.ts'
import type { TestServer } from '../test/support/servers.ts'
import { dropRoles, makeRoles, roleName } from './roles.ts'
import { startBare, startRolecall } from './servers.ts'
import { type Loaded, printCompared, printHeading } from './side-by-side.ts'

const ROLES = 20_000
const LIMIT = 20
const CONNECTIONS = [1, 16, 64]

/** A page of 20 logins, ours beside a bare server's. */
export async function benchLists(server: TestServer): Promise<void> {
  const engine = await engineClient(server)
  await dropRoles(engine)
  await makeRoles(engine, 0, ROLES)
  await using bare = await startBare(server)
  await using rolecall = await startRolecall(server)
  const pages = Array.from({ length: 997 }, (_, n) => pageAfter(roleName(n * 20)))
  const ours = below(`/rolecall/v1/instances/${rolecall.instance}/users`, rolecall)
  printHeading(`A page of ${LIMIT} of ${ROLES} logins`)
  for (const connections of CONNECTIONS) {
    await printCompared('distinct', connections, below('/', bare)(pages), ours(pages))
    const hot = pages.slice(0, 1)
    await printCompared('hot', connections, below('/', bare)(hot), ours(hot))
  }
  await dropRoles(engine)
  await engine.end()
}

/** A server with 20 logins, whose users the DigitalOcean dialect always lists as a whole. */
export async function benchClusterUsers(server: TestServer): Promise<void> {
  const engine = await engineClient(server)
  await dropRoles(engine)
  const others = await loginsOf(engine)
  await makeRoles(engine, 0, LIMIT - others)
  await using bare = await startBare(server)
  await using rolecall = await startRolecall(server)
  const ours = below(`/v2/databases/${rolecall.instance}/users`, rolecall)
  printHeading(`All ${LIMIT} users of a DigitalOcean cluster`)
  for (const connections of CONNECTIONS) {
    await printCompared('whole', connections, below('/', bare)([pageAfter('')]), ours(['']))
  }
  await dropRoles(engine)
  await engine.end()
}

const FORMATS = { JSON: 'application/json', XML: 'application/xml' }

/** A page of the Trove dialect as long as its pages get, in both of its formats. */
export async function benchTroveUsers(server: TestServer): Promise<void> {
  const engine = await engineClient(server)
  await dropRoles(engine)
  const hidden = 1
  await makeRoles(engine, 0, LIMIT - (await loginsOf(engine)) + hidden)
  await using bare = await startBare(server)
  await using rolecall = await startRolecall(server)
  const { url, key, project, instance } = rolecall
  const paths = [`/v1.0/${project}/instances/${instance}/users`]
  printHeading(`A page of ${LIMIT} users of a Trove instance`)
  for (const connections of CONNECTIONS) {
    for (const [format, accept] of Object.entries(FORMATS)) {
      const ours = { url, paths, headers: { 'x-auth-token': key, accept } }
      await printCompared(format, connections, below('/', bare)([pageAfter('')]), ours)
    }
  }
  await dropRoles(engine)
  await engine.end()
}

const pageAfter = (name: string): string => `?limit=${LIMIT}&after=${Buffer.from(name).toString('base64url')}`

function below(path: string, { url, key }: { readonly url: string; readonly key?: string }) {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  return (queries: readonly string[]): Loaded => ({ url, paths: queries.map(query => `${path}${query}`), headers })
}

async function loginsOf(engine: Awaited<ReturnType<typeof engineClient>>): Promise<number> {
  const { rows } = await engine.query('select count(*)::int as many from pg_roles where rolcanlogin')
  return rows[0].many
}
