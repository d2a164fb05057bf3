import type { Caller } from '../domain/caller.ts'
import { Fault } from '../domain/fault.ts'
import { type Right, roleHas, weakestRoleWith } from '../domain/role.ts'

/** Throws unless the caller has the right in the project. A project it has no role in looks like one that does not exist. */
export function checkRight(caller: Caller, projectId: string, right: Right): void {
  const role = caller.roles.get(projectId)
  if (!role) throw new Fault('not_found', 'project', `No project ${projectId}`)
  if (roleHas(role, right)) return
  throw new Fault(
    'forbidden',
    'project',
    `This needs the role ${weakestRoleWith(right)}; yours in this project is ${role}`,
  )
}

/** True where the thing of that project may be seen at all. */
export function maySee(caller: Caller, projectId: string): boolean {
  return caller.roles.has(projectId)
}

/** The installation's first operator may make projects, and has no rights in those of others. */
export function checkFirstOperator(caller: Caller): void {
  if (caller.operator.first) return
  throw new Fault('forbidden', 'operator', "Only the installation's first operator may do this")
}
