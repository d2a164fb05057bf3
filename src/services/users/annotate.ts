import type { Instance } from '../../domain/instance.ts'
import { type UserKey, userKeyText } from '../../domain/user.ts'
import type { Store } from '../../store/store.ts'
import type { Links } from '../links/links.ts'
import { auditOf } from '../operations/audit.ts'
import { type Asked, type Prepared, prepareStoreChange } from '../operations/prepared.ts'
import { changeStore } from '../operations/store-change.ts'
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
  const user = await links.read(instance, asked.signal, client => client.findUser(key))
  if (!user) throw noUser(key)
  return prepareStoreChange(() =>
    changeStore(store, async tables => {
      const { record, expiry } = await withRecord(tables, instance, user)
      const { id: instanceId, projectId } = instance
      const before = record ?? {
        instanceId,
        key: userKeyText(key),
        incarnation: user.incarnation,
        labels: {},
        asked: {},
      }
      const after = {
        ...before,
        labels: notes.labels ?? before.labels,
        description: notes.description ?? before.description,
      }
      await tables.users.put(after)
      const line = {
        projectId,
        instanceId,
        action: 'user.annotate',
        subject: userKeyText(key),
        detail: Object.keys(notes),
        at: await tables.now(),
      }
      await tables.audit.add(auditOf(asked.caller, line))
      return { shown: { instance, user, record: after, expiry } }
    }),
  )
}
