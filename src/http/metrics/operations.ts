import type { Registry } from 'prom-client'
import { gaugeByState } from './by-state.ts'

/** Changes that are not at their end: open, or failed and waiting for their next try (stuck). */
export interface OperationLag {
  readonly open: number
  readonly stuck: number
  /** What is not done of each: a change on several servers has one target on each. */
  readonly openTargets: number
  readonly stuckTargets: number
  /** Seconds since the first of each began. */
  readonly openSeconds: number
  readonly stuckSeconds: number
}

/** Tells what is under way in the whole installation, by each replica the same. */
export function operationMetrics(registry: Registry, look: () => Promise<OperationLag>): void {
  const count = {
    name: 'rolecall_operations',
    help: 'Changes that are not at their end: open, or stuck (failed, waiting for the next try)',
  }
  gaugeByState(registry, count, async () => {
    const { open, stuck } = await look()
    return { open, stuck }
  })
  const lag = {
    name: 'rolecall_operations_lag_seconds',
    help: 'How long ago the first of them began; 0: there is none',
  }
  gaugeByState(registry, lag, async () => {
    const { openSeconds: open, stuckSeconds: stuck } = await look()
    return { open, stuck }
  })
  const targets = {
    name: 'rolecall_operation_targets',
    help: 'What is not done of them: a change on several servers has one target on each',
  }
  gaugeByState(registry, targets, async () => {
    const { openTargets: open, stuckTargets: stuck } = await look()
    return { open, stuck }
  })
}
