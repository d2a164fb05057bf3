import type { FastifyRequest } from 'fastify'
import { createMinutes, type Minutes } from '../../minutes.ts'
import type { Rate } from '../../rate.ts'
import type { RateWishes } from '../wishes.ts'
import { pathOf } from './addresses.ts'

/** What is left of one method on one kind of paths. */
export interface VerbRate extends Rate {
  readonly verb: string
  /** Of the path below the account. */
  readonly regex: string
}

/** Limits of single methods on single kinds of paths; each key has a count of its own of each. */
export interface VerbRates {
  /** Counts the request; undefined: nothing limits its kind. */
  count(request: FastifyRequest): VerbRate | undefined
  /** All limits that there are, and what is left to the caller. */
  all(request: FastifyRequest): readonly VerbRate[]
}

interface Kind {
  readonly verbs: readonly string[]
  readonly regex: RegExp
  /** Undefined: as many as one likes. */
  readonly minutes: Minutes | undefined
}

export function createVerbRates(wishes: RateWishes): VerbRates {
  const kinds = kindsFrom(wishes)

  function count(request: FastifyRequest): VerbRate | undefined {
    const verb = verbOf(request)
    const below = pathOf(request).replace(/^\/v1\.0\/[^/]*/, '')
    const kind = kinds.find(({ verbs, regex }) => verbs.includes(verb) && regex.test(below))
    const rate = kind?.minutes?.count(keyOf(request, verb))
    return kind && rate && { ...rate, verb, regex: kind.regex.source }
  }

  function all(request: FastifyRequest): readonly VerbRate[] {
    return kinds.flatMap(({ verbs, regex, minutes }) => {
      if (!minutes) return []
      return verbs.map(verb => ({ ...minutes.look(keyOf(request, verb)), verb, regex: regex.source }))
    })
  }

  return { count, all }
}

function kindsFrom({ actions, userWrites, writes, reads }: RateWishes): readonly Kind[] {
  return [
    kind(['POST'], /^\/instances\/[^/]+\/action/, actions),
    kind(['DELETE', 'POST', 'PUT'], /^\/instances\/[^/]+\/(users|root)/, userWrites),
    kind(['DELETE', 'PATCH', 'POST', 'PUT'], /^\/instances(?!\/[^/]+\/(action|users|root))/, writes),
    kind(['GET'], /.*/, reads),
  ]
}

function kind(verbs: readonly string[], regex: RegExp, limit: number): Kind {
  return { verbs, regex, minutes: limit === 0 ? undefined : createMinutes(limit) }
}

const verbOf = ({ method }: FastifyRequest): string => (method === 'HEAD' ? 'GET' : method)

const keyOf = ({ caller }: FastifyRequest, verb: string): string => `${caller.key.id} ${verb}`
