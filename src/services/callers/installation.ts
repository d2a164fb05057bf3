import type { Operator } from '../../domain/callers/operator.ts'
import type { Project } from '../../domain/callers/project.ts'
import { isFault } from '../../domain/fault.ts'
import { newKeyId, newProjectId, newPublicKey, newShortId } from '../../domain/id.ts'
import { newSecret, type Secret } from '../../domain/secret.ts'
import type { Store } from '../../store/store.ts'

/** What the first start makes; the private half is known here and nowhere else. */
export interface FirstStart {
  readonly project: Project
  readonly operator: Operator
  readonly key: { readonly id: string; readonly publicKey: string; readonly privateKey: Secret }
}

/** The first project, its owner and one key; undefined when there already is an operator. */
export async function ensureFirst(
  store: Store,
  names: { readonly project: string; readonly username: string },
): Promise<FirstStart | undefined> {
  if ((await store.read.operators.count()) > 0) return undefined
  return makeFirst(store, names).catch(unlessMadeByAnother)
}

/** Two replicas that start on an empty store: one of them is the first. */
function unlessMadeByAnother(error: unknown): undefined {
  if (!isFault(error) || error.code !== 'exists') throw error
}

function makeFirst(
  store: Store,
  names: { readonly project: string; readonly username: string },
): Promise<FirstStart | undefined> {
  return store.transaction(async tables => {
    if ((await tables.operators.count()) > 0) return undefined
    const now = await tables.now()
    const project: Project = { id: newProjectId(), name: names.project, policy: {}, createdAt: now, version: 1 }
    const operator: Operator = {
      id: newShortId(),
      username: names.username,
      first: true,
      homeProjectId: project.id,
      createdAt: now,
    }
    const key = { id: newKeyId(), publicKey: newPublicKey(), privateKey: newPrivateKey() }
    await tables.projects.add(project)
    await tables.operators.add(operator)
    await tables.members.set(project.id, operator.id, 'owner', now)
    await tables.keys.add(
      {
        id: key.id,
        publicKey: key.publicKey,
        operatorId: operator.id,
        homeProjectId: project.id,
        description: 'first key',
        networks: [],
        projects: [{ projectId: project.id, role: 'owner' }],
        createdAt: now,
      },
      key.privateKey,
    )
    return { project, operator, key }
  })
}

/** 40 letters and digits: 238 bits. */
export function newPrivateKey(): Secret {
  return newSecret(40)
}
