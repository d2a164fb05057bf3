import { type Static, Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { Instance } from '../../../domain/servers/instance.ts'
import type { Claim } from '../../../services/instances/claims.ts'
import { toDetails } from '../clusters/details.ts'
import { isVersionOf } from '../clusters/versions.ts'
import { wordsOf } from '../engine-words.ts'
import { NODES, SIZE } from './clusters.ts'
import { Registration } from './registration.ts'
import { AutoscaleSwitch, NO_AUTOSCALE, NO_RULES, turnsOn } from './settings.ts'

/** An empty text means that nothing was said, and so does null, which is gone by now. */
export const NewClusterBody = Type.Object({
  name: Type.String({ description: 'Letters, digits and -' }),
  engine: Type.String(),
  region: Type.Optional(Type.String({ description: 'The slug of an instance; needed, but for a registration' })),
  size: Type.Optional(Type.String({ description: `\`${SIZE}\`; needed, but for a registration` })),
  num_nodes: Type.Optional(Type.Integer({ description: `${NODES}; needed, but for a registration` })),
  version: Type.Optional(Type.String()),
  tags: Type.Optional(Type.Array(Type.String())),
  project_id: Type.Optional(Type.String()),
  private_network_uuid: Type.Optional(Type.String()),
  storage_size_mib: Type.Optional(Type.Integer({ minimum: 0 })),
  rules: Type.Optional(Type.Array(Type.Unknown(), { description: 'Empty: there is no firewall here' })),
  backup_restore: Type.Optional(Type.Unknown({ description: 'Refused: there are no backups here' })),
  autoscale: AutoscaleSwitch,
  do_settings: Type.Optional(Type.Object({ service_cnames: Type.Optional(Type.Array(Type.String())) })),
  rolecall: Registration,
})

export type NewCluster = Static<typeof NewClusterBody>

const NAME = /^[A-Za-z0-9][A-Za-z0-9-]{0,62}$/
export const TAG = /^[A-Za-z0-9:_-]{1,255}$/

/** What can be said of the values alone. */
export function checkNewCluster(body: NewCluster): void {
  const wrong = [
    [!NAME.test(body.name), 'name must begin with a letter or digit, and have only letters, digits and -, 63 at most'],
    [!body.rolecall && !body.region, 'region is required'],
    [!isSaid(body.size, body.rolecall !== undefined, SIZE), `size must be ${SIZE}: the server is your own`],
    [!isSaid(body.num_nodes, body.rolecall !== undefined, NODES), `num_nodes must be ${NODES}`],
    [body.tags?.some(tag => tag !== '' && !TAG.test(tag)), 'tags have letters, digits, : _ and -, 255 at most'],
    [(body.rules?.length ?? 0) > 0, NO_RULES],
    [body.backup_restore !== undefined, 'backup_restore is not supported: there are no backups here'],
    [turnsOn(body.autoscale), NO_AUTOSCALE],
  ] as const
  const [first] = wrong.filter(([is]) => is)
  if (first) throw unacceptable(first[1])
}

function isSaid<T>(value: T | undefined, mayBeLeftOut: boolean, wanted: T): boolean {
  return value === wanted || (mayBeLeftOut && value === undefined)
}

/** What the dialect keeps, to answer what was asked; clients take anything else for a change to be made. */
export function toClaim(body: NewCluster): Claim {
  const { name: alias, engine, version, project_id, private_network_uuid, storage_size_mib, do_settings } = body
  const details = toDetails({
    engine,
    version: version || undefined,
    projectId: project_id || undefined,
    networkId: private_network_uuid || undefined,
    storageMib: storage_size_mib,
    serviceNames: do_settings?.service_cnames,
  })
  return { alias, details, ...(body.tags && { tags: tidyTags(body.tags) }) }
}

/** Each once, whatever its case; the first spelling stays. */
function tidyTags(tags: readonly string[]): readonly string[] {
  const all = tags.filter(tag => tag !== '')
  return all.filter((tag, at) => all.findIndex(other => other.toLowerCase() === tag.toLowerCase()) === at)
}

/** Throws unless the instance is what was asked for, as far as anybody knows; its server has been asked where that counts. */
export function checkFits(instance: Instance, { engine, version }: NewCluster): void {
  const actual = wordsOf(instance).engine
  if (engine !== actual) throw unacceptable(`engine must be ${actual} in the region ${instance.slug}`)
  if (!version || isVersionOf(instance, version) !== false) return
  const known = instance.versionSlug ?? instance.server?.version
  throw unacceptable(`version must fit ${known} in the region ${instance.slug}`)
}

export function unacceptable(message: string): Fault {
  return new Fault('invalid', 'instance', message)
}
