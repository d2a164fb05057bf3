import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Step } from '../../engine.ts'
import type { MysqlFacts } from '../facts/facts.ts'
import { isSameMark, loginMarkerRole } from '../marks.ts'
import { hostOf } from '../names.ts'
import { open, quoteAccount, quoteName } from '../sql.ts'
import { refusalsToAlter } from './existing.ts'
import { endSessionsStep, lockSteps } from './lock.ts'

/** Lock out, end sessions, drop; and make sure that nobody who slipped in is still there. Nothing belongs to a login on this family. */
export function planDrop(_change: Extract<Change, { kind: 'drop-user' }>, facts: MysqlFacts): Plan {
  const { account, state } = facts
  if (!account) return { steps: [], refusals: [] }
  if (account.name === state.me.name && account.host === state.me.host) {
    return {
      steps: [],
      refusals: [{ code: 'refused', subject: 'user', message: `Rolecall itself logs in as ${account.name}` }],
    }
  }
  return { steps: dropSteps(facts), refusals: refusalsToAlter(facts) }
}

/** Drops only what this operation made: the login if it carries its mark, and the role that would have marked it. */
export function planUndoCreate({ key }: Extract<Change, { kind: 'undo-create-user' }>, facts: MysqlFacts): Plan {
  const { account, mark, markerRole: isThere } = facts
  if (account && isSameMark(account.mark, mark)) return { steps: dropSteps(facts), refusals: [] }
  if (!isThere) return { steps: [], refusals: [] }
  const role = loginMarkerRole(mark, { name: key.name, host: hostOf(key) })
  const statements = [open(`drop role if exists ${quoteName(role)}`)]
  return { steps: [{ why: 'drop the role that would have marked it', statements }], refusals: [] }
}

function dropSteps(facts: MysqlFacts): readonly Step[] {
  const end = endSessionsStep(facts)
  return [...lockSteps(facts), end, dropStep(facts), { ...end, why: 'end sessions that slipped in meanwhile' }]
}

// As one message: what is sent is done by the server, whether or not we live to see it.
function dropStep({ account, state }: MysqlFacts): Step {
  const { marker, mark, renamedBy } = account!
  const made = marker ?? (mark && loginMarkerRole(mark, account!))
  const roles = state.catalogue === 'documents' ? [made, ...renamedBy].filter(role => role !== undefined) : []
  const dropRoles = roles.map(role => open(`drop role if exists ${quoteName(role)}`))
  return { why: 'drop the login', statements: [open(`drop user ${quoteAccount(account!)}`), ...dropRoles] }
}
