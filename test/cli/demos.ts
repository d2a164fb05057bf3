import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { workingIn } from '../support/working-in.ts'
import { aFolder, type Run, rolecall, type Where } from './rolecall.ts'

/** Root's database servers run under another account, which has to get there. */
export function aPassableFolder(): string {
  const folder = aFolder()
  chmodSync(folder, 0o711)
  return folder
}

export interface ReadyInstance {
  readonly id: string
  readonly slug: string
  readonly engine: string
  readonly variant?: string
  readonly port: number
}

export interface Ready {
  readonly ready: true
  readonly url: string
  readonly project: { readonly id: string; readonly name: string }
  readonly operator: { readonly id: string; readonly username: string }
  readonly key: { readonly id: string; readonly public: string; readonly private: string }
  readonly instances: readonly ReadyInstance[]
}

/** Starts a demo, and waits until it says that it is ready. */
export async function demo(
  folder: string,
  more: readonly string[] = [],
  where?: Where,
): Promise<{ run: Run; ready: Ready }> {
  const run = rolecall([...(where?.script ? [] : ['demo']), '--json', '--data', folder, '--port', '0', ...more], where)
  const [line] = await run.until(/^\{.*\}$/m)
  return { run, ready: JSON.parse(line) }
}

export async function stop(run: Run, signal: NodeJS.Signals = 'SIGINT') {
  run.child.kill(signal)
  return run.ended()
}

/** Processes that work in this folder: the database servers of a demo. */
export const serversIn = (folder: string): readonly number[] => workingIn(place => place === folder)

export const postgresIn = (folder: string) => serversIn(join(folder, 'postgres'))
export const mariadbIn = (folder: string) => serversIn(join(folder, 'mariadb'))
export const mongodbIn = (folder: string) => serversIn(join(folder, 'mongodb'))

/** What the system tells of a process: `cmdline`, `environ`, `status`. */
export const told = (pid: number, what: string) => readFileSync(`/proc/${pid}/${what}`, 'utf8')

export async function call(ready: Ready, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${ready.key.private}`, 'content-type': 'application/json' }
  return fetch(`${ready.url}/rolecall/v1${path}`, {
    method: body ? 'POST' : 'GET',
    headers,
    body: body && JSON.stringify(body),
  })
}
