import { type Static, Type } from 'typebox'
import {
  ACCESS,
  type Access,
  type AccessGrant,
  type AccessSubject,
  type Entity,
} from '../../../domain/callers/access.ts'
import type { Candidate } from '../../../services/access/access-lists.ts'

/** A collection of things with access lists, as paths call it. */
export interface Collection {
  readonly prefix: 'database-connections' | 'data-connections' | 'data-sources'
  readonly kind: Entity['kind']
  /** What its roles begin with. */
  readonly family: 'database_connection' | 'data_source'
  readonly hide: boolean
}

export const COLLECTIONS: readonly Collection[] = [
  { prefix: 'database-connections', kind: 'connection', family: 'database_connection', hide: false },
  { prefix: 'data-connections', kind: 'connection', family: 'database_connection', hide: true },
  { prefix: 'data-sources', kind: 'data-source', family: 'data_source', hide: false },
]

export const grantBody = ({ family }: Collection) => {
  const roles = ACCESS.map(access => `${family}_${access}`)
  return Type.Object({ grant: Type.Object({ role: Type.Unsafe<string>({ type: 'string', enum: roles }) }) })
}

export type GrantBody = Static<ReturnType<typeof grantBody>>

export const toAccess = ({ grant }: GrantBody): Access => ACCESS.find(access => grant.role.endsWith(`_${access}`))!

const Link = Type.Object({ href: Type.String() })

export const CandidateList = Type.Object({
  candidates: Type.Array(Type.Object({ name: Type.String(), links: Type.Object({ self: Link }) })),
})

export function fromCandidate({ name, subject }: Candidate, path: string) {
  return { name, links: { self: { href: hrefOf(path, subject) } } }
}

export const GrantList = Type.Object({
  grants: Type.Array(
    Type.Object({
      role: Type.String(),
      subject: Type.Object({ type: Type.Enum(['user', 'team', 'organisation']), id: Type.String() }),
      links: Type.Object({ self: Link }),
    }),
  ),
})

export function fromGrant({ subject, access }: AccessGrant, { family }: Collection, path: string) {
  const { kind: type, id } = subject
  return { role: `${family}_${access}`, subject: { type, id }, links: { self: { href: hrefOf(path, subject) } } }
}

function hrefOf(path: string, { kind, id }: AccessSubject): string {
  return `${path}/acl/${kind}/${id}`
}
