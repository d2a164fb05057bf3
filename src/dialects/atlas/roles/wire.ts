import { type Static, Type } from 'typebox'
import type { Privilege } from '../../../domain/users/role-definition.ts'
import type { CustomRole as Custom } from '../../../services/project-users/roles/custom-role.ts'
import { actionOnServer } from './actions.ts'

const closed = { additionalProperties: false }
const text = Type.Optional(Type.Union([Type.String(), Type.Null()]))

const ResourceBody = Type.Object(
  { cluster: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])), db: text, collection: text },
  closed,
)
const ActionBody = Type.Object(
  { action: Type.String({ description: 'Such as FIND' }), resources: Type.Array(ResourceBody) },
  closed,
)
const InheritedBody = Type.Object({ db: Type.String(), role: Type.String() }, closed)

const fields = {
  actions: Type.Optional(Type.Array(ActionBody)),
  inheritedRoles: Type.Optional(Type.Array(InheritedBody)),
}

export const NewCustomRole = Type.Object({ roleName: Type.String({ minLength: 1, maxLength: 255 }), ...fields }, closed)
export const CustomRoleChange = Type.Object({ roleName: Type.Optional(Type.String()), ...fields }, closed)

export const UNSAID = { null: ['actions', 'inheritedRoles'], blank: ['roleName'] }

export const CustomRole = Type.Object(
  { roleName: Type.String(), actions: Type.Array(ActionBody), inheritedRoles: Type.Array(InheritedBody) },
  { $id: 'CustomRole', description: 'A role that the project defines, on all of its clusters' },
)

/** Only this API has a list that is an array and nothing else. */
export const CustomRoleList = Type.Array(CustomRole, { $id: 'CustomRoleList', description: 'All of them' })

export type Action = Static<typeof ActionBody>
export type Resource = Static<typeof ResourceBody>
export type Inherited = Static<typeof InheritedBody>

/** A custom role as it was asked for, and as it is told back. */
export interface RoleBody {
  readonly roleName: string
  readonly actions: readonly Action[]
  readonly inheritedRoles: readonly Inherited[]
}

export function isCluster({ cluster }: Resource): boolean {
  return cluster === true
}

export function toCustomRole({ roleName, actions, inheritedRoles }: RoleBody): Custom {
  return {
    name: roleName,
    asked: { roleName, actions: actions.map(plainAction), inheritedRoles },
    definition: {
      name: roleName,
      privileges: privilegesOf(actions),
      roles: inheritedRoles.map(one => `${one.db}.${one.role}`),
    },
  }
}

/** Software kits send all three members of a resource, and mean one or two of them. */
function plainAction({ action, resources }: Action): Action {
  return { action, resources: resources.map(plainResource) }
}

function plainResource(resource: Resource): Resource {
  if (isCluster(resource)) return { cluster: true }
  const { db, collection } = resource
  return { db: db ?? '', ...(collection ? { collection } : {}) }
}

function privilegesOf(actions: readonly Action[]): readonly Privilege[] {
  const found = new Map<string, { resource: Privilege['resource']; actions: string[] }>()
  for (const { action, resources } of actions) {
    const name = actionOnServer(action)
    for (const one of name === undefined ? [] : resources) {
      const resource = isCluster(one)
        ? { cluster: true as const }
        : { db: one.db ?? '', collection: one.collection ?? '' }
      const place = JSON.stringify(resource)
      const privilege = found.get(place) ?? { resource, actions: [] }
      privilege.actions.push(name!)
      found.set(place, privilege)
    }
  }
  return [...found.values()]
}

export function fromCustomRole({ asked }: Custom): RoleBody {
  return asked as unknown as RoleBody
}
