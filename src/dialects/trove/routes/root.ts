import { newSecret, Secret } from '../../../domain/secret.ts'
import { ref } from '../../request.ts'
import { askedBy, type TroveHttp, type TroveParts } from '../context.ts'
import { both } from '../document.ts'
import { type UserPlace, userPlaceAt } from '../instances/place.ts'
import { badRequest, forbidden, notFound } from '../refusals/refusal.ts'
import { findUser, isEnabledRoot, isOwnRoot } from '../users/users.ts'
import { InstanceParams, Nothing } from '../wire/common.ts'
import { EnableRoot, RootStatus, RootUser } from '../wire/root.ts'
import { withSuffixes } from './route.ts'

export const rootSchemas = [RootStatus, RootUser]

/** As long as published. */
const PASSWORD_LENGTH = 36

/** The login that may do everything: `root`, `postgres`, `admin.root`. It is for admins, since with it Rolecall is asked no more. */
export function rootRoutes(http: TroveHttp, parts: TroveParts): void {
  const { userChanges } = parts.services

  for (const { path, hide } of withSuffixes('/:accountId/instances/:instanceId/root')) {
    const schema = { tags: ['Root'], hide, params: InstanceParams }

    http.get(
      path,
      {
        schema: {
          ...schema,
          operationId: 'getRoot',
          summary: 'May root log in',
          response: { 200: both(ref(RootStatus), 'Whether it may') },
        },
      },
      async request => {
        const place = await userPlaceAt(parts, request, 'read')
        const found = await findUser(place, place.datastore.root)
        return { rootEnabled: isEnabledRoot(place, found?.user) }
      },
    )

    http.post(
      path,
      {
        schema: {
          ...schema,
          operationId: 'enableRoot',
          consumes: ['application/json', 'application/xml'],
          summary: 'Let root log in, with a new password',
          body: EnableRoot,
          response: { 200: both(ref(RootUser), 'Its password, told once') },
        },
      },
      async request => {
        const place = await userPlaceAt(parts, request, 'administer')
        checkMayChange(place)
        const wanted = request.body?.password
        const wrong = wanted === undefined ? undefined : place.datastore.rules.password(wanted)
        if (wrong) throw badRequest(wrong)
        const password = wanted === undefined ? newSecret(PASSWORD_LENGTH) : new Secret(wanted)
        await enable(place, password)
        return { user: { name: place.datastore.root.name, password: password.reveal() } }
      },
    )

    http.delete(
      path,
      {
        schema: {
          ...schema,
          operationId: 'disableRoot',
          summary: 'Let root log in no more',
          response: { 204: { description: 'Done', ...Nothing } },
        },
      },
      async (request, reply) => {
        const place = await userPlaceAt(parts, request, 'administer')
        checkMayChange(place)
        await disable(place)
        return reply.code(204).send()
      },
    )
  }

  /** The password first: nobody gets in with the old one in between. */
  async function enable(place: UserPlace, password: Secret): Promise<void> {
    const { request, datastore, id } = place
    const [key, asked] = [datastore.keyOf(datastore.root), askedBy(request, parts)]
    const found = await findUser(place, datastore.root)
    if (!found) return make(place, password)
    await (await userChanges.reset(asked, id, key, password)).run()
    if (found.user.locked) await (await userChanges.unlock(asked, id, key)).run()
  }

  async function make({ request, datastore, id }: UserPlace, password: Secret): Promise<void> {
    const nothingElse = { settings: {}, engineRoles: [], grants: [] }
    const wish = { ...datastore.keyOf(datastore.root), ...nothingElse, password, everything: true }
    await (await userChanges.create(askedBy(request, parts), id, wish)).run()
  }

  async function disable(place: UserPlace): Promise<void> {
    const { request, datastore, id } = place
    const found = await findUser(place, datastore.root)
    if (!found) throw notFound('Root user has never been enabled on the instance.')
    if (found.user.locked) return
    await (await userChanges.lock(askedBy(request, parts), id, datastore.keyOf(datastore.root))).run()
  }
}

/** Of its own login Rolecall would shut itself out. */
function checkMayChange(place: UserPlace): void {
  if (!place.parts.wishes.root) throw forbidden('Root is neither enabled nor disabled by this API here.')
  if (isOwnRoot(place))
    throw forbidden(`${place.datastore.root.name} is the login that Rolecall itself has on this server.`)
}
