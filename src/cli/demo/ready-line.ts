import type { ConnectionShown } from '../../services/connections/connections.ts'
import type { Registered } from './registration.ts'

/** The one line on standard output that programs wait for. Its shape is a promise: fields may be added, never changed. */
export function readyLine(url: string, { project, operator, key, servers, others }: Registered): string {
  const seen = new Set<string>()
  const all = [...servers.map(one => told(one, one.product.variant)), ...others.map(one => told(one))]
  return JSON.stringify({
    ready: true,
    url,
    project: { id: project.id, name: project.name },
    operator: { id: operator.id, username: operator.username },
    key,
    // An instance is told once, with its oldest connection.
    instances: all.filter(({ id }) => !seen.has(id) && seen.add(id)),
  })
}

function told({ connection, instance }: ConnectionShown, variant = instance.server?.variant) {
  return {
    id: instance.id,
    slug: instance.slug,
    engine: instance.engine,
    variant,
    host: connection.host,
    port: connection.port,
    connection: connection.id,
  }
}
