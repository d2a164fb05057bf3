import type { Connection } from '../../domain/servers/connection.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { Store } from '../../store/store.ts'
import type { Links } from '../links/links.ts'

/**
 * Connections to the same server that are another instance's, since they call it by another name or belong to another project. Servers
 * that say who they are tell; of the others, those that are dialled at the same address and port are one.
 */
export async function connectionsElsewhere(
  { store, links }: { readonly store: Store; readonly links: Pick<Links, 'whereTo'> },
  instance: Instance,
  username: string,
): Promise<readonly Connection[]> {
  const { connections } = store.read
  const [told, maybe] = await Promise.all([
    connections.elsewhere(instance.id, 'fingerprint', username),
    connections.elsewhere(instance.id, 'port', username),
  ])
  if (maybe.length === 0) return told
  const own = await Promise.all((await connections.ofInstance(instance.id)).map(links.whereTo))
  const here = new Set(own.flatMap(addresses => [...addresses]))
  const theirs = await Promise.all(maybe.map(links.whereTo))
  return [...told, ...maybe.filter((_, at) => [...theirs[at]!].some(address => here.has(address)))]
}
