import type { Store } from '../../../src/store/store.ts'

/** One database of a store kind, for one test file. */
export interface StoreUnderTest {
  /** Another process's view of the same store. */
  open(): Promise<Store>
  /** Every byte that the store keeps, as text. */
  everything(): Promise<string>
  close(): Promise<void>
}

/** What a contract's tests reach the store through: it is open by the time they run. */
export interface Opened {
  readonly store: Store
  readonly under: StoreUnderTest
}
