import type { TestServer } from '../../support/servers.ts'
import type { AfterRestart, Request, Template } from '../drill/drill.ts'
import type { EngineSight } from '../sights/postgresql.ts'

/** What a drill's file has: a server, somebody who looks at it behind Rolecall's back, and a data folder that knows it. */
export interface Ground {
  readonly server: TestServer
  readonly template: Template
  readonly sight: EngineSight
  /** Two that are there, and this file's alone. */
  readonly databases: readonly string[]
}

/** What the ledger, or the store, has of a change after the restart. */
export type Found = 'settled' | 'undone' | 'nothing'

/** One kind of change: how a child gets ready for it, what it asks for, and what must hold afterwards, wherever it was killed. */
export interface Scene {
  /** Its row in docs/crash-drill.md. */
  readonly what: string
  /** Of its operation; a change of the store alone has none, and says itself whether it is `done`. */
  readonly kind?: string
  readonly done?: (name: string, after: AfterRestart) => Promise<boolean>
  readonly setUp?: (name: string) => readonly Request[]
  readonly request: (name: string) => Request
  /** The server, or the store, is as `found` says: all of the change, or nothing of it. */
  readonly check: (name: string, found: Found, after: AfterRestart) => Promise<void>
  /** The answer of the request, and of the same request once it is done, without an Idempotency-Key. */
  readonly first: number
  readonly repeated: number | readonly [status: number, fault: string]
  /** Does the answer hand a password over. */
  readonly password?: true
  /** Asked for in the words of an API whose clients repeat by themselves, and know no Idempotency-Key. */
  readonly asClient?: true
}

/** Scenes are listed before there is a server: what they need of it they ask for when they are played. */
export type Scenes = (ground: () => Ground) => readonly Scene[]

export const OLD_PASSWORD = 'old-password-of-the-drill'
