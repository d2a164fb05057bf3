import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    /** Methods that some route has for this path; empty where there is no such path. For a 405's `Allow`. */
    methodsAt(path: string): readonly string[]
    /** Every path that is served, as its route spells it. */
    routePaths(): readonly string[]
  }
}

/** Remembers each route as it is added: fastify itself can't say which methods a path would have. Call before the first route. */
export function keepRouteTable(http: FastifyInstance): void {
  const table = new Map<string, Set<string>>()
  http.addHook('onRoute', ({ method, url }) => {
    const methods = table.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    table.set(url, methods)
  })
  http.decorate('routePaths', () => [...table.keys()])
  http.decorate('methodsAt', path => {
    const found = [...table].filter(([route]) => leadsTo(route, path)).flatMap(([, methods]) => [...methods])
    return [...new Set(found)].sort()
  })
}

function leadsTo(route: string, path: string): boolean {
  const [wanted, given] = [route.split('/'), path.split('/')]
  const open = wanted.at(-1) === '*'
  if (open ? given.length < wanted.length : given.length !== wanted.length) return false
  return wanted.every((part, at) => part === '*' || (part.startsWith(':') ? given[at] !== '' : part === given[at]))
}
