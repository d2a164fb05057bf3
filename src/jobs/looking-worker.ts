/** Something that finds what is to be done by looking: what it finds is an operation of the ledger, or a row. */
export interface Looking {
  look(): Promise<void>
}

export interface LookingWorker {
  start(): void
  stop(): Promise<void>
}

/** Any replica may run one: whatever several of them find is written once. */
export function createLookingWorker(
  looking: Looking,
  everyMs: number,
  onFault: (error: unknown) => void,
): LookingWorker {
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined

  function tick(): void {
    underWay ??= looking
      .look()
      .catch(onFault)
      .finally(() => (underWay = undefined))
  }

  return {
    start: () => {
      tick()
      timer = setInterval(tick, everyMs)
    },
    stop: async () => {
      clearInterval(timer)
      await underWay
    },
  }
}
