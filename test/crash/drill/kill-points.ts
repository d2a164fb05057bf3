import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '../../../src/store/store.ts'

/** Where the process can be killed, counted as they are reached. Nothing is listed by hand: whatever is sent or committed is a point. */
export interface KillPoints {
  /** From now on points count, and the `at`th one kills. */
  arm(at: number): void
  /** What every point since `arm` was, in order. */
  readonly passed: readonly string[]
  wrapStore(store: Store): Store
  /** Of any engine: its sessions send with `query` or with `command`. */
  wrapDial<Config, Session extends object>(dial: Dial<Config, Session>): Dial<Config, Session>
}

type Dial<Config, Session> = (config: Config, signal: AbortSignal) => Promise<Session>

const SENDING: readonly unknown[] = ['query', 'command']

/** The statement's first words; of a command, its name and what it is about. */
function wordsOf(sent: readonly unknown[]): string {
  const [text, command] = sent
  if (typeof command === 'object' && command && !Array.isArray(command)) return Object.entries(command)[0]!.join(' ')
  return String(text).trim().split(/\s+/).slice(0, 3).join(' ')
}

export function createKillPoints(): KillPoints {
  let killAt: number | undefined
  const passed: string[] = []

  function pass(what: string): void {
    if (killAt === undefined) return
    passed.push(what)
    if (passed.length === killAt) process.kill(process.pid, 'SIGKILL')
  }

  function wrapStore(store: Store): Store {
    return {
      ...store,
      transaction: async work => {
        pass('before a commit')
        const result = await store.transaction(work)
        pass('after a commit')
        return result
      },
    }
  }

  const wrapDial =
    <Config, Session extends object>(dial: Dial<Config, Session>): Dial<Config, Session> =>
    async (config, signal) =>
      wrapSession(await dial(config, signal))

  function wrapSession<Session extends object>(session: Session): Session {
    return new Proxy(session, {
      get: (target, name) => {
        const value = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        const bound = value.bind(target)
        return SENDING.includes(name) ? (...sent: readonly unknown[]) => send(bound, sent) : bound
      },
    })
  }

  /** Three points a statement: not sent; sent, and the server may still be at it; answered. */
  async function send(sending: (...sent: readonly unknown[]) => Promise<unknown>, sent: readonly unknown[]) {
    const words = wordsOf(sent)
    pass(`before ${words}`)
    const answer = sending(...sent)
    answer.catch(() => undefined)
    await nextTurn() // By now its bytes are with the kernel.
    pass(`sent ${words}`)
    const result = await answer
    pass(`after ${words}`)
    return result
  }

  return { arm: at => (killAt = at), passed, wrapStore, wrapDial }
}
