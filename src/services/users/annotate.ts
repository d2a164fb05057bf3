import type { Instance } from '../../domain/servers/instance.ts'
import { type UserKey, userKeyText } from '../../domain/users/user.ts'
import type { Store } from '../../store/store.ts'
import type { UserRecord } from '../../store/user-record.ts'
import type { Links } from '../links/links.ts'
import { auditOf } from '../operations/audit.ts'
import { type Asked, type Prepared, prepareStoreChange } from '../operations/prepared.ts'
import { changeStore } from '../operations/store-change.ts'
import { findLogin } from './finding.ts'
import { withRecord } from './user-view.ts'
import type { Notes, UserDone } from './user-wishes.ts'
import { noUser } from './users.ts'

/** Labels and description live in the store alone, also for logins that others made. */
export async function annotate(
  { store, links }: { readonly store: Store; readonly links: Links },
  asked: Asked,
  instance: Instance,
  key: UserKey,
  notes: Notes,
): Promise<Prepared<UserDone>> {
  const user = await links.read(instance, asked.signal, client => findLogin(store.read, client, instance, key))
  if (!user) throw noUser(key)
  return prepareStoreChange(() =>
    changeStore(store, async tables => {
      const { id: instanceId, projectId } = instance
      const fresh = { instanceId, key: userKeyText(key), incarnation: user.incarnation, labels: {}, asked: {} }
      await tables.users.change(instanceId, fresh.key, found => noted(fresh, found, notes))
      const line = {
        projectId,
        instanceId,
        action: 'user.annotate',
        subject: fresh.key,
        detail: Object.keys(notes),
        at: await tables.now(),
      }
      await tables.audit.add(auditOf(asked.caller, line))
      return { shown: await withRecord(tables, instance, user) }
    }),
  )
}

/** What was known of an earlier login of its name is not known of this one. */
function noted(fresh: UserRecord, found: UserRecord | undefined, notes: Notes): UserRecord {
  const before = found && found.incarnation === fresh.incarnation ? found : fresh
  const { labels = before.labels, description = before.description } = notes
  return { ...before, labels, description }
}
