import { isFault } from '../../../domain/fault.ts'
import type { AdminClient, PoolLimits, ReadPool } from '../../engine.ts'
import type { Link } from './link.ts'

interface PoolParts {
  readonly connect: (limits: PoolLimits) => Promise<Link>
  readonly clientOver: (link: Link, signal: AbortSignal) => AdminClient
  readonly limits: PoolLimits
}

/** The driver itself keeps connections, at most `limits.max`, and lets idle ones go: one link serves all, until its server is lost. */
export function linkPool({ connect, clientOver, limits }: PoolParts): ReadPool {
  let current: Promise<Link> | undefined
  const linked = () => {
    current ??= connect(limits).catch(error => {
      current = undefined
      throw error
    })
    return current
  }
  const forget = (lost: Promise<Link>) => {
    if (current === lost) current = undefined
    void lost.then(link => link.close()).catch(() => {})
  }
  return {
    use: async (signal, work) => {
      const mine = linked()
      try {
        return await work(clientOver(await mine, signal))
      } catch (error) {
        if (isFault(error) && error.code === 'unavailable') forget(mine)
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (current) forget(current)
    },
  }
}
