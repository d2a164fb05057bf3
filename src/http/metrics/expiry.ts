import { Histogram, type Registry } from 'prom-client'
import { gaugeByState } from './by-state.ts'

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
  const lag = {
    name: 'rolecall_expiry_lag_seconds',
    help: 'How long ago the first login fell due that is still open, or locked and not dropped; 0: there is none',
  }
  gaugeByState(registry, lag, async () => {
    const { openSeconds: open, lockedSeconds: locked } = await look()
    return { open, locked }
  })
  const waiting = {
    name: 'rolecall_expiry_waiting',
    help: 'Logins whose time is over and that are still open, or locked and not dropped',
  }
  gaugeByState(registry, waiting, async () => {
    const { open, locked } = await look()
    return { open, locked }
  })
  const steps = new Histogram({
    name: 'rolecall_expiry_step_seconds',
    help: 'How long after its moment a login was gone, or locked: one of a crowd, or one that could not be dropped',
    labelNames: ['step'],
    buckets: [1, 2, 5, 10, 30, 60, 300, 3600, 86_400],
    registers: [registry],
  })

  return (step: 'locked' | 'gone', lagMs: number) => steps.observe({ step }, lagMs / 1_000)
}
