import { Fault } from '../../../domain/fault.ts'
import type { RoleDefinition } from '../../../domain/users/role-definition.ts'
import type { FanOut } from '../../../ledger/fan-out/perform.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { ProjectParts } from '../project-user.ts'

/** A role that a project defines, as its dialect asked for it, and as servers are to have it. */
export interface CustomRole {
  readonly name: string
  /** What the dialect tells back. */
  readonly asked: Readonly<Record<string, unknown>>
  readonly definition: RoleDefinition
}

export interface CustomRoleParts extends ProjectParts {
  readonly fanOut: FanOut
}

export function roleOf({ current }: ProjectRecord): CustomRole {
  return current as unknown as CustomRole
}

export function isMade({ current, open }: ProjectRecord): boolean {
  return current !== undefined && open?.change !== 'remove'
}

export function isSameRole(one: CustomRole, other: CustomRole): boolean {
  return JSON.stringify(one.definition) === JSON.stringify(other.definition)
}

export function noRole(name: string): Fault {
  return new Fault('not_found', 'role', `No custom role ${name} in this project`)
}

export function taken(name: string): Fault {
  return new Fault('exists', 'role', `A custom role ${name} is there already`)
}
