import { isFault } from '../domain/fault.ts'
import type { AdminClient, PoolLimits, ReadPool } from './engine.ts'
import { deadlinePassed } from './in-time.ts'

/** What a pool has to know of an engine's links. */
interface Pooled {
  readonly broken: boolean
  close(): Promise<void>
}

interface Idle<Link> {
  readonly link: Link
  readonly timer: NodeJS.Timeout
}

interface PoolParts<Link> {
  readonly connect: (signal: AbortSignal) => Promise<Link>
  readonly clientOver: (link: Link, signal: AbortSignal) => AdminClient
  readonly limits: PoolLimits
}

/** At most `limits.max` links at a time; who finds none free waits in line. Idle ones close after a while. */
export function linkPool<Link extends Pooled>({ connect, clientOver, limits }: PoolParts<Link>): ReadPool {
  const idle: Idle<Link>[] = []
  const waiting: (() => void)[] = []
  let inUse = 0

  const turn = async (signal: AbortSignal) => {
    while (inUse >= limits.max) await lineUp(waiting, signal)
    inUse++
  }
  const passOn = () => {
    inUse--
    waiting.shift()?.()
  }
  const idleLink = () => {
    for (let one = idle.pop(); one; one = idle.pop()) {
      clearTimeout(one.timer)
      if (!one.link.broken) return one.link
    }
    return undefined
  }
  const keep = (link: Link) => {
    if (link.broken) return
    const timer = setTimeout(() => {
      idle.splice(
        idle.findIndex(one => one.link === link),
        1,
      )
      void link.close()
    }, limits.idleMs)
    timer.unref()
    idle.push({ link, timer })
  }
  const useLink = async <T>(link: Link, signal: AbortSignal, work: (client: AdminClient) => Promise<T>) => {
    const client = clientOver(link, signal)
    try {
      const answer = await work(client)
      keep(link)
      return answer
    } catch (error) {
      // Its server is going, or gone: the socket may only not know yet.
      if (isGone(error)) void link.close()
      else keep(link)
      throw error
    } finally {
      await client[Symbol.asyncDispose]()
    }
  }

  return {
    use: async (signal, work) => {
      await turn(signal)
      try {
        const waited = idleLink()
        if (!waited) return await useLink(await connect(signal), signal, work)
        // A server that went away while the link was idle shows only when it is asked: reads may be asked again.
        return await useLink(waited, signal, work).catch(async error => {
          if (!isGone(error)) throw error
          return await useLink(await connect(signal), signal, work)
        })
      } finally {
        passOn()
      }
    },
    [Symbol.asyncDispose]: async () => {
      const all = idle.splice(0)
      for (const { timer } of all) clearTimeout(timer)
      await Promise.all(all.map(({ link }) => link.close()))
    },
  }
}

const isGone = (error: unknown) => isFault(error) && error.code === 'unavailable'

async function lineUp(waiting: (() => void)[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw deadlinePassed()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const giveUp = () => {
    waiting.splice(waiting.indexOf(resolve), 1)
    reject(deadlinePassed())
  }
  waiting.push(resolve)
  signal.addEventListener('abort', giveUp, { once: true })
  await promise.finally(() => signal.removeEventListener('abort', giveUp))
}
