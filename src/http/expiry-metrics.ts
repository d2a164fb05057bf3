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
  const lag = new Gauge({
    name: 'rolecall_expiry_lag_seconds',
    help: 'How long ago the first login fell due that is still open, or locked and not dropped; 0: there is none',
    labelNames: ['state'],
    registers: [registry],
    collect: tell,
  })
  const waiting = new Gauge({
    name: 'rolecall_expiry_waiting',
    help: 'Logins whose time is over and that are still open, or locked and not dropped',
    labelNames: ['state'],
    registers: [registry],
  })
  const steps = new Histogram({
    name: 'rolecall_expiry_step_seconds',
    help: 'How long after its moment a login was locked, and gone',
    labelNames: ['step'],
    buckets: [1, 2, 5, 10, 30, 60, 300, 3600, 86_400],
    registers: [registry],
  })

  async function tell(): Promise<void> {
    // While the store is away the other figures must still be told.
    const found = await look().catch(() => undefined)
    if (!found) return
    lag.set({ state: 'open' }, found.openSeconds)
    lag.set({ state: 'locked' }, found.lockedSeconds)
    waiting.set({ state: 'open' }, found.open)
    waiting.set({ state: 'locked' }, found.locked)
  }

  return (step: 'locked' | 'gone', lagMs: number) => steps.observe({ step }, lagMs / 1_000)
}
