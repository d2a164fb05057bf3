import type { Instance } from '../../../domain/servers/instance.ts'
import { userKeyText } from '../../../domain/users/user.ts'
import type { FanOutTarget } from '../../../ledger/fan-out/order.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Tables } from '../../../store/store.ts'
import { type Asked, prepareMany } from '../../operations/prepared.ts'
import type { UserTarget } from '../../users/changes/managed-users.ts'
import { keyOf } from '../../users/user-view.ts'
import { createChecks } from '../checks.ts'
import { lost } from '../unchanged.ts'
import { userBehind } from './behind.ts'
import { isUsersChange, planUser } from './changes.ts'
import { planNew } from './making.ts'
import type { Done, Part, ThroughParts } from './part.ts'
import { createUserParts, type UserMeant } from './user-part.ts'

/** What is asked for, as the operations that it takes: one, unless several users of the project are among the logins. */
export function createSplitting(parts: ThroughParts) {
  const { store, links, ledger } = parts
  const check = createChecks(parts)
  const userPart = createUserParts(parts)

  return async (asked: Asked, instance: Instance, targets: readonly UserTarget[]): Promise<readonly Part[]> => {
    const seen = await recordsOf(instance, targets)
    const meant = await Promise.all(targets.map(target => meantBy(asked, instance, target)))
    const [first, ...others] = meant.flatMap((user, position) => (user ? [{ user, position }] : []))
    const plain = targets.flatMap((target, position) => (meant[position] ? [] : [{ target, position }]))
    if (!first) return [plainPart(asked, instance, plain, seen)]
    // Recovery has to know that the managing login may have its new password: the other ledger tells it.
    const isApart = plain.some(({ target }) => target.ownLogin)
    const beside = isApart ? [] : plain
    const withFirst: Part = {
      positions: [first.position, ...beside.map(({ position }) => position)],
      prepared: userPart(
        asked,
        instance,
        first.user,
        beside.map(({ target }) => on(instance, target)),
      ),
    }
    const rest = others.map(({ user, position }) => {
      return { positions: [position], prepared: userPart(asked, instance, user, []) }
    })
    return [...(isApart ? [plainPart(asked, instance, plain, seen)] : []), withFirst, ...rest]
  }

  async function meantBy(asked: Asked, instance: Instance, target: UserTarget): Promise<UserMeant | undefined> {
    const { change, ofProject } = target
    const planning = { ...parts, check, engine: links.engineOf(instance) }
    if (change.kind === 'create-user') {
      const made = ofProject ? await planNew(planning, asked, instance, { ...target, change }) : undefined
      return made && { target, plan: made, around: made.around, before: made.before }
    }
    if (!isUsersChange(change)) return undefined
    const at = { instance, key: change.key, ofProject, goes: change.kind === 'drop-user' }
    const user = await userBehind(planning, asked, at)
    if (!user) return undefined
    const plan = await planUser(planning, asked, user, { ...target, change })
    return { target, plan, around: user.around, known: user.known }
  }

  type Placed = { readonly target: UserTarget; readonly position: number }

  /** Nobody made one of the project's of them since they were looked at. */
  function plainPart(asked: Asked, instance: Instance, plain: readonly Placed[], seen: Records): Part {
    const confirm = async (tables: Tables) => {
      for (const [key, was] of seen) {
        const is = await tables.projectRecords.find(instance.projectId, 'user', key)
        if (is?.createdAt !== was?.createdAt || JSON.stringify(is?.current) !== JSON.stringify(was?.current))
          throw lost()
      }
    }
    const all = plain.map(({ target }) => target)
    const done = async (operationId: string, outcomes: Done['outcomes']): Promise<Done> => ({ operationId, outcomes })
    return {
      positions: plain.map(({ position }) => position),
      prepared: prepareMany(ledger, { ...asked, confirm }, instance, all, done),
    }
  }

  async function recordsOf({ projectId }: Instance, targets: readonly UserTarget[]): Promise<Records> {
    const keys = targets.flatMap(({ change }) => {
      if (change.kind === 'create-user') return [userKeyText(keyOf(change.user))]
      return isUsersChange(change) ? [userKeyText(change.key)] : []
    })
    const found = keys.map(async key => [key, await store.read.projectRecords.find(projectId, 'user', key)] as const)
    return new Map(await Promise.all(found))
  }
}

type Records = ReadonlyMap<string, ProjectRecord | undefined>

const on = ({ id: instanceId }: Instance, target: UserTarget): FanOutTarget => ({ ...target, instanceId })
