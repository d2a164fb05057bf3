import type { FastifyRequest } from 'fastify'
import { isFault } from '../../domain/fault.ts'
import type { Operation, TargetOutcome } from '../../domain/operations/operation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { UserDone } from '../../services/users/user-wishes.ts'
import { type RouteParts, readSignal } from './context.ts'
import { fromDatabaseDone } from './wire/databases.ts'
import { fromAnswer } from './wire/operations.ts'
import { fromUserDone, type Verified } from './wire/users.ts'

/** The answer of a create or reset: the password, strings for the usual clients, and the proof if one was asked for. */
export async function handOver(
  parts: RouteParts,
  request: FastifyRequest,
  done: UserDone,
  chosen?: Secret,
): Promise<unknown> {
  const wantsProof = (request.query as { verify?: boolean }).verify
  const verified = wantsProof ? await verify(parts, done, chosen ?? done.password) : undefined
  return fromUserDone(done, await stringsFor(parts, done), verified)
}

async function verify(parts: RouteParts, { shown }: UserDone, password?: Secret): Promise<Verified | undefined> {
  if (!shown || !password) return undefined
  return parts.services.users.verify(shown, password, AbortSignal.timeout(parts.requestTimeoutMs))
}

async function stringsFor(
  { services }: RouteParts,
  { shown, password }: UserDone,
): Promise<Readonly<Record<string, string>> | undefined> {
  return shown && password ? services.users.connectionStrings(shown, password.reveal()) : undefined
}

/** What a repeat is told of a change whose first answer was never made. */
export async function answerAgain(
  parts: RouteParts,
  request: FastifyRequest,
  { operation, outcomes }: { readonly operation: Operation; readonly outcomes: readonly TargetOutcome[] },
): Promise<unknown> {
  const [target] = operation.targets
  if (target?.kind !== 'create-database') return answerOf(parts, operation, outcomes)
  const found = parts.services.databases.get(
    request.caller,
    target.instanceId,
    target.subject.key,
    readSignal(request, parts),
  )
  return fromDatabaseDone({ operationId: operation.id, database: await orNone(found) })
}

/** It may have been dropped since. */
async function orNone<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found
  } catch (error) {
    if (isFault(error) && error.code === 'not_found') return undefined
    throw error
  }
}

/** An answer that is handed over later: the same as the first would have been, but for what only the request could say. */
export async function answerOf(
  parts: RouteParts,
  operation: Operation,
  outcomes: readonly TargetOutcome[],
): Promise<unknown> {
  // Those that were not done have none, nor has one that could not be looked at any more.
  const at = outcomes.findIndex(({ user }) => user)
  const [outcome, target] = [outcomes[at], operation.targets[at]]
  if (!outcome?.user || !target) return fromAnswer(operation, outcomes.find(({ password }) => password)?.password)
  const shown = await parts.services.users.shown(target.instanceId, outcome.user)
  const done: UserDone = { operationId: operation.id, shown, password: outcome.password }
  return fromUserDone(done, await stringsFor(parts, done))
}
