import type { Change } from '../../../domain/users/change.ts'
import type { Mark } from '../../../domain/users/user.ts'
import type { Plan, Refusal, Statement } from '../../engine.ts'
import type { MysqlFacts, RenameFacts } from '../facts/facts.ts'
import type { Link } from '../link/link.ts'
import { renameAttribute, renameRole } from '../marks.ts'
import { hostOf, wrongHost, wrongUserName } from '../names.ts'
import { open, quoteAccount, quoteName, quoteText } from '../sql.ts'
import { onExisting } from './existing.ts'
import { isPasswordOf } from './hashes.ts'
import { letGo } from './letting-go.ts'
import { withPassword } from './password.ts'
import { type Account, findAccount } from './read.ts'

type Rename = Extract<Change, { kind: 'rename-user' }>

/** The subject under its old name, or under the new one if this very operation gave it. */
export async function findRenamed(
  link: Link,
  { key, to, password, back }: Rename,
  mark: Mark,
  signal: AbortSignal,
): Promise<{ readonly account?: Account; readonly rename: RenameFacts }> {
  const [old, other] = [await findAccount(link, key, signal), await findAccount(link, to, signal)]
  // Somebody else's has the name that was wanted: there is nothing to give back.
  if (back && !(old && saysRename(old, mark))) return { rename: { taken: false, begun: false, done: false } }
  if (!old && other && saysRename(other, mark)) {
    const done = !password || isPasswordOf(other.plugin, other.kept, password)
    return { account: other, rename: { taken: false, begun: true, done } }
  }
  const begun = old !== undefined && saysRename(old, mark)
  return { account: old, rename: { taken: other !== undefined, begun, done: false } }
}

const saysRename = ({ renamedBy }: Account, mark: Mark) => renamedBy.includes(renameRole(mark))

/** The account says first who is renaming it: that goes with it to its new name, as its grants do. */
export function planRename(change: Rename, facts: MysqlFacts): Plan {
  const { key, to } = change
  const { account, rename } = facts
  if (!account || rename?.done) return onExisting(key.name, facts, [])
  const wrong = wrongUserName(to.name, facts.state) ?? wrongHost(hostOf(to))
  if (wrong) return { steps: [], refusals: [{ code: 'invalid', subject: 'user', message: wrong }] }
  const { steps, refusals } = onExisting(key.name, facts, [
    { why: 'give it its new name', statements: statementsFor(change, account, facts) },
  ])
  return { steps, refusals: [...refusals, ...refusalsToRename(change, facts)] }
}

function statementsFor({ to, password }: Rename, account: Account, facts: MysqlFacts): readonly Statement[] {
  const named = { name: to.name, host: hostOf(to) }
  const isThere = account.name === named.name && account.host === named.host
  return [
    ...(facts.rename!.begun ? [] : sayRename(account, facts)),
    ...(isThere ? [] : [open(`rename user ${quoteAccount(account)} to ${quoteAccount(named)}`)]),
    ...(password && facts.password ? [withPassword(`alter user ${quoteAccount(named)}`, '', facts)] : []),
  ]
}

function sayRename(account: Account, { state, mark }: MysqlFacts): readonly Statement[] {
  const whom = quoteAccount(account)
  if (state.catalogue === 'attributes')
    return [open(`alter user ${whom} attribute ${quoteText(renameAttribute(mark))}`)]
  const role = quoteName(renameRole(mark))
  const earlier = account.renamedBy.map(one => open(`drop role if exists ${quoteName(one)}`))
  return [...earlier, open(`create role if not exists ${role}`), open(`grant ${role} to ${whom}`), letGo(role)]
}

function refusalsToRename({ to, password }: Rename, { rename, password: hash }: MysqlFacts): readonly Refusal[] {
  if (rename?.taken) return [{ code: 'exists', subject: 'user', message: `There already is a login ${to.name}` }]
  if (!password || hash) return []
  return [
    { code: 'unsupported', subject: 'user', message: 'The server loads no way of keeping a password that we know' },
  ]
}
