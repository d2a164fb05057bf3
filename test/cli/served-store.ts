import { aDatabase } from '../store/keeping/databases.ts'
import { postgresqlServer } from '../support/servers.ts'
import { aFolder, type Run, rolecall } from './rolecall.ts'

export interface Where {
  readonly data: string
  readonly store?: string
}

export interface Served {
  readonly run: Run
  readonly url: string
  readonly key: string
  stop(): Promise<void>
}

export const envOf = ({ store }: Where) => (store ? { ROLECALL_STORE: store } : undefined)

export async function command(where: Where, ...args: string[]) {
  return await rolecall([...args, '--data', where.data], { env: envOf(where) }).ended()
}

export async function json(where: Where, ...args: string[]) {
  const { code, out, err } = await command(where, ...args, '--json')
  if (code !== 0) throw new Error(`${code}: ${err}`)
  return JSON.parse(out)
}

/** A server on it; `key` where it is not the first start. */
export async function serve(where: Where, key?: string): Promise<Served> {
  // The server that is managed here is the very one that keeps the store: it has to be named.
  const allow = where.store ? `127.0.0.0/8,${new URL(where.store).host}` : '127.0.0.0/8'
  const flags = ['--port', '0', '--network-allow', allow, '--log-level', 'error', '--data', where.data]
  const run = rolecall(['serve', ...flags], { env: envOf(where) })
  const url = (await run.until(/listens on (\S+)/))[1]!
  return {
    run,
    url,
    key: key ?? (await run.until(/ {2}(\w{40}) /))[1]!,
    async stop() {
      run.child.kill('SIGTERM')
      await run.ended()
    },
  }
}

export async function ask({ url, key }: Served, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) }
  const answer = await fetch(`${url}/rolecall/v1${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  return { status: answer.status, body: (text ? JSON.parse(text) : undefined) as any }
}

/** A connection whose sealed password logs in to a real server. */
export async function connect(server: Served): Promise<string> {
  const { items } = (await ask(server, 'GET', '/projects')).body
  const { host, port, database, username, password } = await postgresqlServer()
  const login = { host, port, database, username, password, tls: { mode: 'disable' } }
  const made = await ask(server, 'POST', `/projects/${items[0].id}/connections`, {
    name: 'orders',
    engine: 'postgresql',
    ...login,
  })
  if (made.status !== 201) throw new Error(JSON.stringify(made))
  return made.body.id
}

export async function testOf(server: Served, connection: string): Promise<string> {
  return (await ask(server, 'POST', `/connections/${connection}/test`)).body.outcome
}

/** Makes projects as fast as it can until it is told to stop; answers the names that were acknowledged. */
export function writing(server: Served) {
  const acknowledged: string[] = []
  let going = true
  const work = (async () => {
    while (going) {
      const name = `p${acknowledged.length}`
      const { status } = await ask(server, 'POST', '/projects', { name })
      if (status !== 201) throw new Error(`no project: ${status}`)
      acknowledged.push(name)
    }
  })()
  const stop = async () => {
    going = false
    await work
    return acknowledged
  }
  return { acknowledged, stop }
}

/** Where a store of that kind may be made. */
export async function aPlace(kind: string): Promise<Where> {
  return { data: aFolder(), store: kind === 'SQLite' ? undefined : await aDatabase() }
}
