import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { lineCalls } from '../clients/line-calls.ts'
import { npmPackages } from '../clients/npm.ts'
import {
  type ChangesUsers,
  type DoCluster,
  type DoEngineOptions,
  type DoUser,
  type FetchesCertificates,
  fromBase64,
  type KnowsOptions,
  Refusal,
  type Releases,
} from './driver.ts'

export interface Mcp extends Releases, KnowsOptions, FetchesCertificates, ChangesUsers {
  /** Any of its tools; the answer is the text that it gives. */
  call(tool: string, args: object): Promise<string>
}

/** DigitalOcean's MCP server, which is a real godo: asked by JSON-RPC over its standard input. */
export async function mcp(origin: string, token: string): Promise<Mcp> {
  const server = lineCalls(start(origin, token), 'The MCP server')
  const ask = async (method: string, params: object) =>
    (await server.ask({ jsonrpc: '2.0', method, params })) as RpcAnswer
  await ask('initialize', { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: CLIENT })
  server.tell({ jsonrpc: '2.0', method: 'notifications/initialized' })

  async function call(tool: string, args: object): Promise<string> {
    const { result, error } = await ask('tools/call', { name: tool, arguments: args })
    if (!result) throw new Refusal(error?.message ?? 'no answer')
    const text = result.content.map(part => part.text).join('')
    if (result.isError) throw refusal(text)
    return text
  }
  const read = async <T>(tool: string, args: object = {}) => JSON.parse(await call(`db-cluster-${tool}`, args)) as T
  const act = async (tool: string, args: object) => void (await call(`db-cluster-${tool}`, args))
  return {
    call,
    clusters: () => read<DoCluster[]>('list', { page: '1', per_page: 200 }),
    cluster: id => read<DoCluster>('get', { id }),
    adopt: wish => read<DoCluster>('create', wish),
    release: id => act('delete', { id }),
    options: () => read<Record<string, DoEngineOptions>>('list-options'),
    certificate: async id => fromBase64((await read<{ certificate: string }>('get-ca', { id })).certificate),
    users: id => read<DoUser[]>('list-users', { id, page: '1', per_page: 200 }),
    user: (id, user) => read<DoUser>('get-user', { id, user }),
    addUser: (id, name) => read<DoUser>('create-user', { id, name }),
    changeUser: (id, user, settings) => read<DoUser>('update-user', { id, user, settings }),
    dropUser: (id, user) => act('delete-user', { id, user }),
    [Symbol.asyncDispose]: server.end,
  }
}

const CLIENT = { name: 'rolecall-tests', version: '1' }

interface RpcAnswer {
  readonly result?: { readonly content: readonly { readonly text: string }[]; readonly isError?: boolean }
  readonly error?: { readonly message: string }
}

/** `api error: GET http://…: 404 (request "…") user not found` */
function refusal(text: string): Refusal {
  const [, status, message] = /: (\d{3}) (?:\(request "[^"]*"\) )?([\s\S]*)$/.exec(text) ?? []
  return new Refusal(message ?? text, status === undefined ? undefined : Number(status))
}

function start(origin: string, token: string): ChildProcess {
  const script = join(npmPackages('digitalocean'), 'node_modules', '@digitalocean', 'mcp', 'index.js')
  const flags = ['-digitalocean-api-endpoint', origin, '-digitalocean-api-token', token, '-services', 'databases']
  return spawn(process.execPath, [script, ...flags], { stdio: ['pipe', 'pipe', 'pipe'] })
}
