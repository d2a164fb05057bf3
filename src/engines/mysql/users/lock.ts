import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Step } from '../../engine.ts'
import type { MysqlFacts } from '../facts/facts.ts'
import { open, quoteAccount } from '../sql.ts'
import { onExisting } from './existing.ts'
import { sessionIdsOf } from './sessions.ts'

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

/** The lock is in force once it is there; ending what is open already comes after, so that nobody slips in between. */
export function planLock({ key }: Of<'lock-user'>, facts: MysqlFacts): Plan {
  if (!facts.account) return onExisting(key.name, facts, [])
  return onExisting(key.name, facts, [...lockSteps(facts), ...(facts.sessions > 0 ? [endSessionsStep(facts)] : [])])
}

export function lockSteps({ account }: MysqlFacts): readonly Step[] {
  if (account!.locked) return []
  return [
    { why: 'let nobody log in any more', statements: [open(`alter user ${quoteAccount(account!)} account lock`)] },
  ]
}

export function planUnlock({ key }: Of<'unlock-user'>, facts: MysqlFacts): Plan {
  if (!facts.account?.locked) return onExisting(key.name, facts, [])
  const unlock = open(`alter user ${quoteAccount(facts.account)} account unlock`)
  return onExisting(key.name, facts, [{ why: 'let it log in again', statements: [unlock] }])
}

export function planEndSessions({ key }: Of<'end-sessions'>, facts: MysqlFacts): Plan {
  return onExisting(key.name, facts, facts.sessions > 0 && facts.account ? [endSessionsStep(facts)] : [])
}

export function endSessionsStep({ account, hosts }: MysqlFacts): Step {
  return {
    why: 'end its sessions, until none is left',
    statements: endEach(sessionIdsOf(account!.name, account!.host, hosts)),
  }
}

/** KILL takes one session. What the first statement lists is ended one by one, until it lists none. */
export const KILL_EACH = 'kill connection ?'

export const endEach = (list: string) => [open(list), open(KILL_EACH)]
