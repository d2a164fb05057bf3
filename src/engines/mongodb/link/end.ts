import { setTimeout as sleep } from 'node:timers/promises'
import { type SessionName, sessionText, type Target } from '../../engine.ts'
import { deadlinePassed } from '../../in-time.ts'
import type { Link } from './link.ts'

/** Links of attempts that live in this process, by their names; and which operations were waited for. */
export interface OpenLinks {
  add(name: SessionName, link: Link): void
  ofSession(name: SessionName): readonly Link[]
  /** Has all that was ever sent under this name come to its end already? */
  isOver(target: Target, name: SessionName): boolean
  over(target: Target, name: SessionName): void
}

export function openLinks(): OpenLinks {
  const all = new Map<Link, SessionName>()
  const waited = new Map<string, Waited>()
  const forget = (isStale: (one: Waited) => boolean) => {
    for (const [key, one] of waited) if (isStale(one)) waited.delete(key)
  }
  return {
    add: (name, link) => {
      for (const one of all.keys()) if (one.broken) all.delete(one)
      all.set(link, name)
      forget(({ operation }) => operation === name.operation)
    },
    ofSession: name => [...all].filter(([, one]) => isOf(one, name)).map(([link]) => link),
    isOver: (target, name) => {
      forget(({ until }) => performance.now() > until)
      return waited.has(keyOf(target, name))
    },
    over: (target, name) => {
      const until = performance.now() + target.statementTimeoutMs
      waited.set(keyOf(target, name), { operation: name.operation, until })
    },
  }
}

interface Waited {
  readonly operation: string
  readonly until: number
}

const keyOf = ({ hosts }: Target, name: SessionName) => JSON.stringify([hosts, sessionText(name)])

function isOf(one: SessionName, { installation, operation, attempt }: SessionName): boolean {
  if (attempt !== undefined) return sessionText(one) === sessionText({ installation, operation, attempt })
  return one.installation === installation && one.operation === operation
}

/**
 * The server shows no idle connection and ends none. Those of this process are hung up on; another process whose lease has run out
 * sends nothing more, and what it sent is stopped by the server at its deadline: that long is waited. An operation that makes several
 * logins asks once for each, and is waited for once: whoever takes it over meanwhile waits as long before it sends anything.
 */
export async function endSessions(
  links: OpenLinks,
  target: Target,
  session: SessionName,
  signal: AbortSignal,
): Promise<void> {
  const mine = links.ofSession(session)
  await Promise.all(mine.map(link => link.close()))
  if (links.isOver(target, session)) return
  await sleep(target.statementTimeoutMs, undefined, { signal }).catch(() => Promise.reject(deadlinePassed()))
  links.over(target, session)
}
