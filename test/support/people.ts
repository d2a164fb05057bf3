import type { ApiKey } from '../../src/domain/callers/api-key.ts'
import type { Operator } from '../../src/domain/callers/operator.ts'
import { newSecret } from '../../src/domain/secret.ts'
import type { Role } from '../../src/domain/users/role.ts'
import type { Store } from '../../src/store/store.ts'
import { aKey, anOperator, aProject } from '../store/builders.ts'

/** A member of a project with a key of its own. */
export interface Person {
  readonly id: string
  readonly username: string
  readonly key: string
  readonly keyId: string
}

export interface PersonWish {
  readonly operator?: Partial<Operator>
  readonly key?: Partial<ApiKey>
  /** The key's role where it is weaker than its operator's. */
  readonly keyRole?: Role
}

export async function aPerson(store: Store, projectId: string, role: Role, own: PersonWish = {}): Promise<Person> {
  const operator = anOperator(own.operator)
  const projects = [{ projectId, role: own.keyRole ?? role }]
  const key = aKey(operator.id, projectId, { projects, ...own.key })
  const secret = newSecret(40)
  await store.transaction(async tables => {
    await tables.operators.add(operator)
    await tables.members.set(projectId, operator.id, role, await tables.now())
    await tables.keys.add(key, secret)
    if (key.revokedAt !== undefined) await tables.keys.revoke(key.id, key.revokedAt)
  })
  return { id: operator.id, username: operator.username, key: secret.reveal(), keyId: key.id }
}

/** A project of other people; answers its id. */
export async function anotherProject(store: Store): Promise<string> {
  const project = aProject({ name: 'Elsewhere' })
  await store.transaction(tables => tables.projects.add(project))
  return project.id
}
