import { randomUUID } from 'node:crypto'
import type { ApiKey } from '../domain/callers/api-key.ts'
import type { Caller } from '../domain/callers/caller.ts'
import type { Operator } from '../domain/callers/operator.ts'
import type { Page } from '../domain/page.ts'
import type { Store } from '../store/store.ts'
import { Problem } from './exit-codes.ts'

/**
 * Whoever may read the data folder and its master key is the installation's owner: commands act as its first operator, with
 * every right in every project, and the audit says that they came by `command`.
 */
export async function commandCaller(store: Store): Promise<Caller> {
  const operators = await everything(page => store.read.operators.list(page))
  const operator = operators.find(({ first }) => first)
  if (!operator)
    throw new Problem('refused', 'There is no operator here yet.', 'The first start makes one: rolecall serve')
  const projects = await everything(page => store.read.projects.list(page))
  const roles = new Map(projects.map(({ id }) => [id, 'owner' as const]))
  return { operator, key: noKey(operator), roles, address: '127.0.0.1', dialect: 'command', requestId: randomUUID() }
}

/** The rows of all pages. */
export async function everything<T>(
  list: (page: { readonly after?: string; readonly limit: number }) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const all: T[] = []
  let after: string | undefined
  do {
    const { items, next } = await list({ after, limit: 500 })
    all.push(...items)
    after = next
  } while (after !== undefined)
  return all
}

/** Nobody showed a key; what asks for one gets this. */
function noKey(operator: Operator): ApiKey {
  return {
    id: 'command',
    publicKey: 'command',
    operatorId: operator.id,
    homeProjectId: operator.homeProjectId ?? '',
    networks: [],
    projects: [],
    createdAt: 0,
  }
}
