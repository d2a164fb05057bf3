import type { Secret } from '../domain/secret.ts'
import type { Instance } from '../domain/servers/instance.ts'
import type { AdminClient, Engine, Foreseen, SessionName } from '../engines/engine.ts'

/** How the ledger reaches an instance to change it. Every refusal to (standby, another server, observe mode) is a `Fault`. */
export interface Links {
  engineOf(instance: Pick<Instance, 'engine'>): Engine
  /**
   * A turn on each of several instances, all asked for at one moment, so that no two who want several wait for one another. Answers by
   * instance; one that had none in `waitMs` is left out.
   */
  turns(instanceIds: readonly string[], waitMs: number, signal: AbortSignal): Promise<ReadonlyMap<string, Disposable>>
  /**
   * One session for one attempt. `alsoTry`: a password that may have become the managing login's own. `turn`: the session's from now on,
   * also where there comes to be none; without one it waits for its own.
   */
  open(
    instanceId: string,
    session: SessionName,
    signal: AbortSignal,
    alsoTry?: Secret,
    foreseen?: Foreseen,
    turn?: Disposable,
  ): Promise<OpenLink>
  /** Ends every session of the operation's earlier attempts; returns when they are gone. */
  endSession(instanceId: string, session: SessionName, signal: AbortSignal, alsoTry?: Secret): Promise<void>
}

export interface OpenLink extends AsyncDisposable {
  readonly engine: Engine
  readonly client: AdminClient
}
