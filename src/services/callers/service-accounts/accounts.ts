import type { ApiKey } from '../../../domain/callers/api-key.ts'
import type { Caller } from '../../../domain/callers/caller.ts'
import type { ServiceAccount, ServiceAccountSecret } from '../../../domain/callers/service-account.ts'
import { Fault } from '../../../domain/fault.ts'
import type { Store } from '../../../store/store.ts'
import { auditOf } from '../../operations/audit.ts'
import { changeStore } from '../../operations/store-change.ts'
import { checkKeeps } from '../keeping-keys.ts'
import type { AlsoWritten } from '../keys.ts'
import { type MadeSecret, makeSecret } from './secrets.ts'

/** A service account with its key, and its secrets as far as they may be shown. */
export interface ServiceAccountShown {
  readonly account: ServiceAccount
  readonly key: ApiKey
  readonly secrets: readonly ServiceAccountSecret[]
}

/** What keys that are service accounts have beside other keys. Whoever asks has found the keys, so may see them; changes are for those who look after them. */
export interface ServiceAccounts {
  /** Those among the keys. */
  among(keys: readonly ApiKey[]): Promise<readonly ServiceAccountShown[]>
  of(key: ApiKey): Promise<ServiceAccountShown>
  /** For the one who makes its key: `also` goes into the same transaction. The secret is hashed before, since that takes a while. */
  prepare(name: string, hours: number): Promise<{ readonly also: AlsoWritten; readonly made: MadeSecret }>
  rename(caller: Caller, key: ApiKey, name: string): Promise<void>
  addSecret(caller: Caller, key: ApiKey, hours: number): Promise<MadeSecret>
  /** Throws `not_found`, and `conflict` for the last one. */
  removeSecret(caller: Caller, key: ApiKey, id: string): Promise<void>
}

/** As published. */
const MOST_SECRETS = 2

export function createServiceAccounts(store: Store): ServiceAccounts {
  async function among(keys: readonly ApiKey[]): Promise<readonly ServiceAccountShown[]> {
    const byId = new Map(keys.map(key => [key.id, key]))
    const accounts = await store.read.serviceAccounts.listAmong([...byId.keys()])
    return Promise.all(
      accounts.map(async account => {
        const secrets = await store.read.serviceAccounts.secrets(account.keyId)
        return { account, key: byId.get(account.keyId)!, secrets }
      }),
    )
  }

  async function of(key: ApiKey): Promise<ServiceAccountShown> {
    const [found] = await among([key])
    if (!found) throw new Fault('not_found', 'key', `No service account ${key.id}`)
    return found
  }

  async function prepare(name: string, hours: number) {
    const made = await makeSecret('', await store.now(), hours)
    const also: AlsoWritten = async (tables, { id: keyId }) => {
      await tables.serviceAccounts.add({ keyId, name })
      await tables.serviceAccounts.addSecret({ ...made.stored, keyId })
    }
    return { also, made }
  }

  async function rename(caller: Caller, key: ApiKey, name: string): Promise<void> {
    checkKeeps(caller, key)
    await change(caller, key, 'key.change', tables => tables.serviceAccounts.rename(key.id, name))
  }

  async function addSecret(caller: Caller, key: ApiKey, hours: number): Promise<MadeSecret> {
    checkKeeps(caller, key)
    const { secrets } = await of(key)
    const now = await store.now()
    if (secrets.filter(({ expiresAt }) => expiresAt > now).length >= MOST_SECRETS)
      throw new Fault('invalid', 'key', `A service account has ${MOST_SECRETS} secrets at most; remove one first`)
    const made = await makeSecret(key.id, now, hours)
    await change(caller, key, 'key.secret.create', tables => tables.serviceAccounts.addSecret(made.stored))
    return made
  }

  async function removeSecret(caller: Caller, key: ApiKey, id: string): Promise<void> {
    checkKeeps(caller, key)
    const { secrets } = await of(key)
    if (!secrets.some(secret => secret.id === id)) throw new Fault('not_found', 'key', `No secret ${id}`)
    if (secrets.length === 1) throw new Fault('conflict', 'key', 'The last secret of a service account stays')
    await change(caller, key, 'key.secret.delete', tables => tables.serviceAccounts.removeSecret(key.id, id))
  }

  async function change(
    caller: Caller,
    key: ApiKey,
    action: string,
    work: (tables: Parameters<Parameters<Store['transaction']>[0]>[0]) => Promise<unknown>,
  ): Promise<void> {
    await changeStore(store, async tables => {
      await work(tables)
      const line = { projectId: key.homeProjectId, action, subject: key.id, detail: [], at: await tables.now() }
      await tables.audit.add(auditOf(caller, line))
    })
  }

  return { among, of, prepare, rename, addSecret, removeSecret }
}
