import { Gauge, Histogram, type Registry } from 'prom-client'

/** Logins whose time is over, and that are still there. */
export interface ExpiryLag {
  readonly open: number
  readonly locked: number
  /** Seconds since the first of each fell due. */
  readonly openSeconds: number
  readonly lockedSeconds: number
}

/** Tells how far behind expiry is. Answers what is to be called for each login that is shut out, or gone. */
export function expiryMetrics(registry: Registry, look: () => Promise<ExpiryLag>) {
  new Gauge({
    name: 'rolecall_expiry_lag_seconds',
    help: 'How long ago the first login fell due that is still open, or locked and not dropped; 0: there is none',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const found = await lookIfThere()
      if (found) this.set({ state: 'open' }, found.openSeconds)
      if (found) this.set({ state: 'locked' }, found.lockedSeconds)
    },
  })
  new Gauge({
    name: 'rolecall_expiry_waiting',
    help: 'Logins whose time is over and that are still open, or locked and not dropped',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const found = await lookIfThere()
      if (found) this.set({ state: 'open' }, found.open)
      if (found) this.set({ state: 'locked' }, found.locked)
    },
  })
  const steps = new Histogram({
    name: 'rolecall_expiry_step_seconds',
    help: 'How long after its moment a login was gone, or locked: one of a crowd, or one that could not be dropped',
    labelNames: ['step'],
    buckets: [1, 2, 5, 10, 30, 60, 300, 3600, 86_400],
    registers: [registry],
  })

  /** While the store is away the other figures must still be told. */
  const lookIfThere = () => look().catch(() => undefined)

  return (step: 'locked' | 'gone', lagMs: number) => steps.observe({ step }, lagMs / 1_000)
}
