import type { Joining } from '../services/project-users/joining.ts'

/** How often it is looked whether a server joined a project. */
const TICK_MS = 5_000

export interface JoiningWorker {
  start(): void
  stop(): Promise<void>
}

/** Any replica may run one: what is found to be done is an operation of the ledger, and each is written once. */
export function createJoiningWorker(joining: Joining, onFault: (error: unknown) => void): JoiningWorker {
  let timer: NodeJS.Timeout | undefined
  let looking: Promise<void> | undefined

  function tick(): void {
    looking ??= joining
      .look()
      .catch(onFault)
      .finally(() => (looking = undefined))
  }

  return {
    start: () => {
      tick()
      timer = setInterval(tick, TICK_MS)
    },
    stop: async () => {
      clearInterval(timer)
      await looking
    },
  }
}
