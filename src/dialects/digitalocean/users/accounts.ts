import type { FastifyRequest } from 'fastify'
import { Fault, isFault } from '../../../domain/fault.ts'
import { newSecret } from '../../../domain/secret.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import type { Capabilities } from '../../../engines/engine.ts'
import type { Services } from '../../../services/services.ts'
import type { UserShown } from '../../../services/users/user-view.ts'
import type { UserDone } from '../../../services/users/user-wishes.ts'
import { askedBy } from '../context.ts'
import { authPluginOf, type Options, rememberedOf, rolesWishOf, toSettings } from '../wire/users/options.ts'

/**
 * The accounts behind the users of this API, which have a name alone: where a login is a name and a host, or a name and a database, a user
 * is every account of its name, so that no way in stays open when it is dropped or gets another password. Where users are a project's,
 * those of this API are.
 */
export function createAccounts({ users, userChanges, engines }: Services) {
  const ableOn = ({ cluster }: FastifyRequest) => engines.get(cluster.instance.engine).about.capabilities
  const idOf = ({ cluster }: FastifyRequest) => cluster.instance.id

  function find(
    request: FastifyRequest,
    name: string,
    right: 'read' | 'create' | 'update' | 'delete',
    signal = request.deadline,
  ) {
    return users.named(request.caller, idOf(request), name, right, signal)
  }

  async function keysOf(
    request: FastifyRequest,
    name: string,
    right: 'update' | 'delete',
  ): Promise<readonly UserKey[]> {
    if (!hasMore(ableOn(request))) return [{ name }]
    const found = await find(request, name, right)
    return found.map(({ user: { host, authDatabase } }) => ({ name, host, authDatabase }))
  }

  /** Where a name is not all, an account of it on another host or in another database takes the name too. */
  async function checkFree(request: FastifyRequest, name: string): Promise<void> {
    if (!hasMore(ableOn(request))) return
    const found = await find(request, name, 'create').catch(error => {
      if (isFault(error) && error.code === 'not_found' && error.subject === 'user') return []
      throw error
    })
    if (found.length > 0) throw new Fault('exists', 'user', `There already is a user ${name}`)
  }

  async function add(request: FastifyRequest, name: string, options: Options): Promise<readonly UserDone[]> {
    await checkFree(request, name)
    const roles = rolesWishOf(options)
    const exactly = roles !== undefined
    const wish = {
      ...(roles ?? NO_ROLES),
      name,
      exactly,
      ahead: exactly,
      ofProject: true,
      settings: toSettings(options, ableOn(request)),
    }
    const asked = rememberedOf(options)
    return [await (await userChanges.create(askedBy(request), idOf(request), { ...wish, asked })).run()]
  }

  async function reset(request: FastifyRequest, name: string, options: Options): Promise<readonly UserDone[]> {
    const made = newSecret()
    const more = { made, authPlugin: authPluginOf(options), asked: rememberedOf(options), ofProject: true }
    const resets = (await keysOf(request, name, 'update')).map(key => ({ key, ...more }))
    return (await userChanges.resetMany(askedBy(request), idOf(request), resets)).run()
  }

  /** Settings that are not given stay as they are. */
  async function change(request: FastifyRequest, name: string, options: Options): Promise<readonly UserShown[]> {
    const settings = toSettings(options, ableOn(request))
    const roles = rolesWishOf(options)
    if (Object.keys(settings).length === 0 && !roles) return find(request, name, 'update')
    const shown: UserShown[] = []
    for (const key of await keysOf(request, name, 'update')) {
      const wish = { settings, ...roles, ofProject: true }
      const done = await (await userChanges.change(askedBy(request), idOf(request), key, wish)).run()
      if (done.shown) shown.push(done.shown)
    }
    return shown
  }

  async function drop(request: FastifyRequest, name: string): Promise<void> {
    const keys = await keysOf(request, name, 'delete')
    await (await userChanges.dropMany(askedBy(request), idOf(request), keys)).run()
  }

  return { ableOn, find, add, reset, change, drop }
}

/** Is a name not all that a login is known by. */
const hasMore = ({ userHost, authDatabase }: Capabilities): boolean => userHost || authDatabase

const NO_ROLES = { grants: [], engineRoles: [] } as const
