import type { Change } from '../../../domain/users/change.ts'
import type { Mark } from '../../../domain/users/user.ts'
import type { Plan, Refusal } from '../../engine.ts'
import type { PostgresFacts, RenameFacts } from '../facts/facts.ts'
import type { Link } from '../link/link.ts'
import { commentOnRole, isSameMark, markedComment, markIn } from '../marks.ts'
import { wrongUserName } from '../names.ts'
import { open, quoteName } from '../sql.ts'
import { onExisting } from './existing.ts'
import { withPassword } from './plan.ts'
import { findRole, type UserRow } from './read.ts'

type Rename = Extract<Change, { kind: 'rename-user' }>

/** The subject under its old name, or under the new one if this very operation gave it. */
export async function findRenamed(
  link: Link,
  { key, to, back }: Rename,
  mark: Mark,
  signal: AbortSignal,
): Promise<{ readonly role?: UserRow; readonly rename: RenameFacts }> {
  const [old, other] = [await findRole(link, key.name, signal), await findRole(link, to.name, signal)]
  const isMarked = (role: UserRow | undefined) => isSameMark(markIn(role?.comment ?? undefined), mark)
  // Somebody else's has the name that was wanted: there is nothing to give back.
  if (back) return { role: isMarked(old) ? old : undefined, rename: { taken: other !== undefined, md5: false } }
  if (old === undefined && isMarked(other)) return { role: other, rename: { taken: false, md5: false } }
  return { role: old, rename: { taken: other !== undefined, md5: await hasMd5(link, key.name, signal) } }
}

async function hasMd5(link: Link, name: string, signal: AbortSignal): Promise<boolean> {
  if (!link.state.me.superuser) return false
  const found = await link.ask(signal, "select from pg_authid where rolname::text = $1 and rolpassword like 'md5%'", [
    name,
  ])
  return found.length > 0
}

/** One transaction: the new name, the new password if there is one, and the mark. Grants hang on the role's oid, and stay. */
export function planRename(change: Rename, facts: PostgresFacts): Plan {
  const { key, to, password, back } = change
  if (facts.applied && !back) return onExisting(key.name, facts, [])
  const wrong = wrongUserName(to.name)
  if (wrong) return { steps: [], refusals: [{ code: 'invalid', subject: 'user', message: wrong }] }
  const { role, mark, roleMark } = facts
  const rename = open(`alter role ${quoteName(key.name)} rename to ${quoteName(to.name)}`)
  const reset = password ? [withPassword(`alter role ${quoteName(to.name)}`, facts)] : []
  const locked = roleMark?.locked === true && role?.canLogIn === false
  const remark = commentOnRole(to.name, markedComment(role?.comment ?? undefined, mark, locked))
  const { steps, refusals } = onExisting(key.name, facts, [
    { why: 'give it its new name', statements: [rename, ...reset, remark] },
  ])
  return { steps, refusals: [...refusals, ...refusalsToRename(change, facts)] }
}

function refusalsToRename({ to, password }: Rename, { rename, role }: PostgresFacts): readonly Refusal[] {
  if (rename?.taken) return [{ code: 'exists', subject: 'user', message: `There already is a role ${to.name}` }]
  if (!role || !rename?.md5 || password) return []
  const message = `The password of ${role.name} is kept as MD5, which a rename would clear: set a new one with it`
  return [{ code: 'refused', subject: 'user', message }]
}
