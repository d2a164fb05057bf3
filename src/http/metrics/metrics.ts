import { collectDefaultMetrics, Histogram, Registry } from 'prom-client'

/** What /metrics shows. Whoever has something to tell registers it on `registry`. */
export interface Metrics {
  readonly registry: Registry
  observe(request: RequestLabels, seconds: number): void
  page(): Promise<string>
}

interface RequestLabels {
  readonly dialect: string
  readonly method: string
  /** The route's pattern, never the path: paths have no end. */
  readonly route: string
  readonly status: string
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  // Its `_count` is the number of requests.
  const requests = new Histogram({
    name: 'rolecall_http_request_duration_seconds',
    help: 'Requests by dialect, method, route and status, and how long they took',
    labelNames: ['dialect', 'method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 13],
    registers: [registry],
  })
  let isWatched = false

  async function page(): Promise<string> {
    // Watching the event loop and the collector costs something: it begins when somebody first asks.
    if (!isWatched) collectDefaultMetrics({ register: registry })
    isWatched = true
    return registry.metrics()
  }

  return { registry, observe: ({ ...labels }, seconds) => requests.observe(labels, seconds), page }
}
