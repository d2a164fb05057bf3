import { afterAll, beforeAll, describe } from 'vitest'
import type { Store } from '../../src/store/store.ts'
import { access } from '../store/contract/access.ts'
import { answers } from '../store/contract/answers.ts'
import { callers } from '../store/contract/callers.ts'
import { expiries } from '../store/contract/expiries.ts'
import type { Opened, StoreUnderTest } from '../store/contract/harness.ts'
import { ledger } from '../store/contract/ledger.ts'
import { lists } from '../store/contract/lists.ts'
import { managed } from '../store/contract/managed.ts'
import { nonces } from '../store/contract/nonces.ts'
import { people } from '../store/contract/people.ts'
import { projectRecords } from '../store/contract/project-records.ts'
import { secrets } from '../store/contract/secrets.ts'
import { serviceAccounts } from '../store/contract/service-accounts.ts'
import { tokens } from '../store/contract/tokens.ts'
import { transactions } from '../store/contract/transactions.ts'

/** What every store keeps of `Store`, on whichever database. */
export function storeContract(name: string, start: () => Promise<StoreUnderTest>): void {
  describe(`the store on ${name}`, () => {
    let store: Store
    let under: StoreUnderTest
    beforeAll(async () => {
      under = await start()
      store = await under.open()
    })
    afterAll(async () => {
      await store?.close()
      await under?.close()
    })
    const opened: Opened = {
      get store() {
        return store
      },
      get under() {
        return under
      },
    }
    for (const part of [
      callers,
      people,
      managed,
      expiries,
      access,
      lists,
      ledger,
      answers,
      secrets,
      tokens,
      nonces,
      serviceAccounts,
      projectRecords,
      transactions,
    ])
      part(opened)
  })
}
