import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../../domain/callers/caller.ts'
import type { Instance } from '../../../domain/servers/instance.ts'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import { answerWith } from '../../../services/operations/store-change.ts'
import type { Services } from '../../../services/services.ts'
import { wordsOf } from '../engine-words.ts'
import { sightOf } from '../subject.ts'
import { checkFits, checkNewCluster, type NewCluster, toClaim, unacceptable } from '../wire/new-cluster.ts'
import { engineNamed, toWish } from '../wire/registration.ts'
import { isVersionOf } from './versions.ts'

/** What came of it: by this request, or by the same one before, whose answer never arrived. Which cluster it was is kept with the change. */
export async function clusterMade(
  { dialectViews }: Services,
  request: FastifyRequest,
  change: () => Promise<InstanceView>,
): Promise<InstanceView> {
  const { caller, madeBefore, replay } = request
  if (madeBefore !== undefined) return dialectViews.get(caller, sightOf(caller), madeBefore, 'adopt')
  const toAnswer = ({ instance }: InstanceView) => ({ status: 201, headers: {}, body: instance.id })
  const { done, isKept } = await answerWith(replay, toAnswer, change)
  request.isKept = isKept
  return done
}

/** What creating a cluster means here: taking over a server that exists, known already or registered by the same call. */
export function takeOver(
  services: Services,
  caller: Caller,
  body: NewCluster,
  signal: AbortSignal,
): Promise<InstanceView> {
  checkNewCluster(body)
  return body.rolecall ? register(services, caller, body) : adopt(services, caller, body, signal)
}

async function adopt(services: Services, caller: Caller, body: NewCluster, signal: AbortSignal): Promise<InstanceView> {
  const sight = sightOf(caller)
  const region = body.region?.toLowerCase()
  const all = await services.dialectViews.listAll(caller, sight, 'adopt')
  const found = all.find(({ instance }) => instance.slug === region)
  if (!found) throw unacceptable('region must be the slug of an instance; the options list them')
  const instance = isTold(services, found.instance, body)
    ? found.instance
    : { ...found.instance, server: await services.dialectViews.server(found.instance, signal) }
  checkFits(instance, body)
  return services.dialectViews.adopt(caller, sight, instance.id, toClaim(body))
}

/** Is enough known to compare with what was asked; if not, the server is asked, this once, where somebody can. */
function isTold({ engines }: Services, instance: Instance, { engine, version }: NewCluster): boolean {
  if (instance.server || !engines.isDriven(instance.engine)) return true
  const isOther = wordsOf(instance).engine !== engine
  const mayBeVariant = engineNamed(engine, name => engines.get(name).about)?.engine === instance.engine
  if (isOther && mayBeVariant) return false
  return !version || isVersionOf(instance, version) !== undefined
}

async function register(services: Services, caller: Caller, body: NewCluster): Promise<InstanceView> {
  const { connections, dialectViews, engines } = services
  const type = engineNamed(body.engine, name => engines.get(name).about)
  if (!type) throw unacceptable('engine is none that is registered here')
  const region = body.region?.toLowerCase()
  const { slug } = body.rolecall!
  if (region && slug !== undefined && slug !== region) throw unacceptable('region must be the same as rolecall.slug')
  const wish = toWish(body.rolecall!, { name: body.name, region }, type)
  const violations = connections.violationsOf(wish)
  if (violations.length > 0) throw unacceptable(violations.map(toWords).join('; '))
  return dialectViews.register(caller, sightOf(caller), wish, toClaim(body))
}

function toWords({ pointer, detail }: { readonly pointer: string; readonly detail: string }): string {
  return `rolecall.${pointer.slice(1).replaceAll('/', '.')} ${detail}`
}
