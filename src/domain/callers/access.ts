/** What an access list gives on one thing: WireMock's Read, Write, Admin. */
export const ACCESS = ['user', 'editor', 'admin'] as const
export type Access = (typeof ACCESS)[number]

/** What has an access list. */
export interface Entity {
  readonly kind: 'connection' | 'data-source'
  readonly id: string
}

/** Whom a grant reaches: one operator, a team, or every member of the project. */
export interface AccessSubject {
  readonly kind: 'user' | 'team' | 'organisation'
  readonly id: string
}

/** One line of an access list. */
export interface AccessGrant {
  readonly projectId: string
  readonly entity: Entity
  readonly subject: AccessSubject
  readonly access: Access
  readonly since: number
}

/** Everything that a request may need leave for on one thing, and the weakest access that has it. */
const WEAKEST = {
  see: 'user',
  edit: 'editor',
  share: 'admin', // its access list
  remove: 'admin',
} as const satisfies Record<string, Access>

export type EntityRight = keyof typeof WEAKEST

export function accessHas(access: Access | undefined, right: EntityRight): boolean {
  return access !== undefined && ACCESS.indexOf(access) >= ACCESS.indexOf(WEAKEST[right])
}

export function weakerAccess(one: Access, other: Access): Access {
  return ACCESS.indexOf(one) <= ACCESS.indexOf(other) ? one : other
}

/** Of all grants that reach an operator the strongest counts; undefined without any. */
export function strongestAccess(all: readonly Access[]): Access | undefined {
  return ACCESS.findLast(access => all.includes(access))
}
