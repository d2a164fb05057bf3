import { isFault } from '../../../domain/fault.ts'
import { type UserIdentity, userKeyText } from '../../../domain/users/user.ts'
import type { Cluster } from '../project-user.ts'
import { type Logins, projectOrder } from './logins.ts'

/** Which login of one key each server has, by instance. */
export type Places = ReadonlyMap<string, UserIdentity>

/**
 * Tells every key once, in order, and where it is. Of each server it holds what it came with at once, and what is on its way meanwhile.
 * Answers the servers that failed; where there are such, what was told is worth nothing.
 */
export async function mergeLogins(
  all: readonly Logins[],
  tell: (key: string, places: Places) => void,
): Promise<readonly Cluster[]> {
  const lines = all.map(lineOf)
  for (;;) {
    const failed = await failedAmong(lines, line => line.fill())
    if (failed.length > 0) return failed
    const left = lines.filter(({ head }) => head)
    if (left.length === 0) return []
    while (left.every(({ head }) => head)) tellFirst(left, tell)
  }
}

/** Side by side, whatever becomes of the others. A server that can't be asked is a fault; anything else is one of ours, and thrown. */
export async function failedAmong<T extends { readonly cluster: Cluster }>(
  all: readonly T[],
  work: (one: T) => Promise<unknown>,
): Promise<readonly Cluster[]> {
  const outcomes = await Promise.allSettled(all.map(work))
  const reasons = outcomes.map(outcome => (outcome.status === 'rejected' ? outcome.reason : undefined))
  const ours = reasons.find(reason => reason !== undefined && !isFault(reason))
  if (ours) throw ours
  return all.filter((_, n) => reasons[n] !== undefined).map(({ cluster }) => cluster)
}

function tellFirst(lines: readonly Line[], tell: (key: string, places: Places) => void): void {
  const heads = lines.map(({ head }) => head!)
  const first = heads.reduce((least, one) => (projectOrder(one, least) < 0 ? one : least))
  const having = lines.filter(({ head }) => projectOrder(head!, first) === 0)
  tell(userKeyText(first), new Map(having.map(line => [line.cluster.instance.id, line.shift()])))
}

/** The logins of one server, one after the other. */
interface Line {
  readonly cluster: Cluster
  /** Undefined: what there was is told, and `fill` knows whether there is more. */
  readonly head: UserIdentity | undefined
  fill(): Promise<void>
  shift(): UserIdentity
}

function lineOf({ cluster, identities }: Logins): Line {
  const source = identities()
  let some: readonly UserIdentity[] = []
  let at = 0
  let next = source.next()

  async function fill(): Promise<void> {
    while (at === some.length) {
      const { value, done } = await next
      if (done) return
      ;[some, at] = [value ?? [], 0]
      // Asked for while this one is told; whether it failed is heard when it is needed.
      next = source.next()
      next.catch(() => {})
    }
  }

  return {
    cluster,
    get head() {
      return some[at]
    },
    fill,
    shift: () => some[at++]!,
  }
}
