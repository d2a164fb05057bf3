import type { Registered } from './registration.ts'

/** The one line on standard output that programs wait for. Its shape is a promise: fields may be added, never changed. */
export function readyLine(url: string, { project, operator, key, connections }: Registered): string {
  const seen = new Set<string>()
  // An instance is told once, with its oldest connection.
  const first = connections.filter(({ instance }) => !seen.has(instance.id) && seen.add(instance.id))
  return JSON.stringify({
    ready: true,
    url,
    project: { id: project.id, name: project.name },
    operator: { id: operator.id, username: operator.username },
    key,
    instances: first.map(({ connection, instance }) => ({
      id: instance.id,
      slug: instance.slug,
      engine: instance.engine,
      host: connection.host,
      port: connection.port,
      connection: connection.id,
    })),
  })
}
