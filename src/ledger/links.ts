import type { Instance } from '../domain/instance.ts'
import type { Secret } from '../domain/secret.ts'
import type { AdminClient, Engine, Foreseen, SessionName } from '../engines/engine.ts'

/** How the ledger reaches an instance to change it. Every refusal to (standby, another server, observe mode) is a `Fault`. */
export interface Links {
  engineOf(instance: Pick<Instance, 'engine'>): Engine
  /** One session for one attempt. `alsoTry`: a password that may have become the managing login's own. */
  open(
    instanceId: string,
    session: SessionName,
    signal: AbortSignal,
    alsoTry?: Secret,
    foreseen?: Foreseen,
  ): Promise<OpenLink>
  /** Ends every session of the operation's earlier attempts; returns when they are gone. */
  endSession(instanceId: string, session: SessionName, signal: AbortSignal, alsoTry?: Secret): Promise<void>
}

export interface OpenLink extends AsyncDisposable {
  readonly engine: Engine
  readonly client: AdminClient
}
