import type { FastifyRequest } from 'fastify'
import type { Style } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'
import { targetOf } from './addresses.ts'

/** The parameters of an address; of two with one name the first counts. */
export function queryOf(request: FastifyRequest): URLSearchParams {
  const [, ...rest] = targetOf(request).split('?')
  return new URLSearchParams(rest.join('?'))
}

/** How the caller wants its answer, as far as that can be read: even a refusal is written so. */
export function styleOf(request: FastifyRequest): Style {
  const query = queryOf(request)
  return { pretty: isTrue(query.get('pretty')), envelope: isTrue(query.get('envelope')) }
}

const isTrue = (text: string | null): boolean => text?.toLowerCase() === 'true'

/** A hook: what every call takes is true or false. Lists look at theirs themselves. */
export async function checkStyle(request: FastifyRequest): Promise<void> {
  if (request.is404) return
  booleanIn(request, 'pretty', false)
  booleanIn(request, 'envelope', false)
}

export function booleanIn(request: FastifyRequest, name: string, usual: boolean): boolean {
  const text = queryOf(request).get(name)
  if (text === null) return usual
  if (!/^(true|false)$/i.test(text)) throw refusal('INVALID_QUERY_PARAMETER', name)
  return isTrue(text)
}

export function integerIn(request: FastifyRequest, name: string, usual: number, most: number): number {
  const text = queryOf(request).get(name)
  if (text === null) return usual
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1 || Number(text) > most) throw refusal('INVALID_QUERY_PARAMETER', name)
  return Number(text)
}
