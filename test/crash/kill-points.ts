import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '../../src/store/store.ts'

/** Where the process can be killed, counted as they are reached. Nothing is listed by hand: whatever is sent or committed is a point. */
export interface KillPoints {
  /** From now on points count, and the `at`th one kills. */
  arm(at: number): void
  /** What every point since `arm` was, in order. */
  readonly passed: readonly string[]
  wrapStore(store: Store): Store
  /** Of any engine whose sessions send with `query`. */
  wrapDial<Config, Session extends Sending>(dial: Dial<Config, Session>): Dial<Config, Session>
}

interface Sending {
  // biome-ignore lint/suspicious/noExplicitAny: each engine's own values and rows.
  query(text: string, values?: any): Promise<any>
}
type Dial<Config, Session> = (config: Config, signal: AbortSignal) => Promise<Session>

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
    <Config, Session extends Sending>(dial: Dial<Config, Session>): Dial<Config, Session> =>
    async (config, signal) =>
      wrapSession(await dial(config, signal))

  function wrapSession<Session extends Sending>(session: Session): Session {
    return new Proxy(session, {
      get: (target, name) => {
        if (name === 'query') return (...sent: Parameters<Sending['query']>) => send(target, sent)
        const value = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }

  /** Three points a statement: not sent; sent, and the server may still be at it; answered. */
  async function send(session: Sending, sent: Parameters<Sending['query']>) {
    const words = sent[0].trim().split(/\s+/).slice(0, 3).join(' ')
    pass(`before ${words}`)
    const answer = session.query(...sent)
    answer.catch(() => undefined)
    await nextTurn() // By now its bytes are with the kernel.
    pass(`sent ${words}`)
    const result = await answer
    pass(`after ${words}`)
    return result
  }

  return { arm: at => (killAt = at), passed, wrapStore, wrapDial }
}
