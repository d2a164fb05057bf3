import type { FastifyRequest } from 'fastify'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import type { TroveParts } from '../context.ts'
import { askedBy } from '../context.ts'
import { datastoreOf } from '../datastores/datastores.ts'
import { badRequest, notFound, Refusal } from '../refusals/refusal.ts'
import { createDatabases } from '../routes/databases.ts'
import { checkNewUsers, createUsers } from '../routes/users.ts'
import { checkDistinctDatabases } from '../wire/databases.ts'
import { isFlavor } from '../wire/flavors.ts'
import { checkOffered, checkOwnDatabases, flavorIn, type NewInstance } from '../wire/instances.ts'
import { toConnectionWish } from '../wire/registration.ts'
import { checkDistinctUsers } from '../wire/users.ts'
import { placeOf, sightOf, withOwn } from './place.ts'
import { REGION, versionOf } from './views.ts'

/** What making an instance means here: taking over a server that exists, known already or registered by the same call. */
export async function takeOver(parts: TroveParts, request: FastifyRequest, wanted: NewInstance): Promise<InstanceView> {
  check(wanted)
  const view = wanted.rolecall
    ? await register(parts, request, wanted, wanted.rolecall.connection)
    : await adopt(parts, request, wanted)
  await fill(parts, request, view, wanted)
  return view
}

function check(wanted: NewInstance): void {
  checkOffered(wanted, REGION)
  if (wanted.name === 'detail') throw badRequest('detail is the name of a list here, and of no instance.')
  const flavor = flavorIn(wanted)
  if (flavor !== undefined && !isFlavor(flavor)) throw notFound(`Resource ${flavor} cannot be found.`)
  checkDistinctDatabases(wanted.databases ?? [])
  checkDistinctUsers(wanted.users ?? [])
  checkOwnDatabases(wanted)
}

function register(
  { services }: TroveParts,
  request: FastifyRequest,
  wanted: NewInstance,
  connection: NonNullable<NewInstance['rolecall']>['connection'],
): Promise<InstanceView> {
  const wish = toConnectionWish(connection, wanted.name)
  const violations = services.connections.violationsOf(wish)
  if (violations.length > 0)
    throw badRequest(
      violations
        .map(({ pointer, detail }) => `rolecall.connection${pointer.replaceAll('/', '.')} ${detail}`)
        .join('; '),
    )
  return services.dialectViews.register(request.caller, sightOf(request), wish, claimOf(wanted))
}

/** Of those that this dialect has let go: the one of that name, else the first that fits. */
async function adopt({ services }: TroveParts, request: FastifyRequest, wanted: NewInstance): Promise<InstanceView> {
  const { caller } = request
  const all = await services.dialectViews.listAll(caller, sightOf(request), 'adopt')
  const free = all.filter(({ state }) => state === 'released')
  const found = free.find(({ instance }) => instance.name === wanted.name) ?? free.find(view => fits(view, wanted))
  if (!found) throw new Refusal(413, 'overLimit', 'No server is left that an instance could be made of.')
  return services.dialectViews.adopt(caller, sightOf(request), found.instance.id, claimOf(wanted))
}

function fits(view: InstanceView, { datastore }: NewInstance): boolean {
  const { type, version } = datastore ?? {}
  if (type && datastoreOf(view.instance).word !== type) return false
  return !version || versionOf(view) === version
}

function claimOf(wanted: NewInstance) {
  const volume = wanted.volume?.size
  const flavor = flavorIn(wanted)
  const details = { ...(volume !== undefined && { volume }), ...(flavor !== undefined && { flavor }) }
  return { alias: wanted.name, details }
}

/** Databases and users of the request, all of them or none: then the server is let go again. */
async function fill(
  parts: TroveParts,
  request: FastifyRequest,
  view: InstanceView,
  { databases = [], users = [] }: NewInstance,
): Promise<void> {
  if (databases.length === 0 && users.length === 0) return
  const place = placeOf(parts, request, view)
  const undo: (() => Promise<unknown>)[] = [
    () => parts.services.dialectViews.release(request.caller, sightOf(request), place.id),
  ]
  try {
    const withUsers = await withOwn(place)
    await checkNewUsers(withUsers, users)
    await createDatabases(place, databases)
    for (const { name } of databases)
      undo.push(async () => (await parts.services.databases.drop(askedBy(request, parts), place.id, name)).run())
    await createUsers(withUsers, users)
  } catch (error) {
    for (const one of undo.toReversed()) await one().catch(() => undefined)
    throw error
  }
}
