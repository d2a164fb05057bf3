import { type Static, Type } from 'typebox'
import { ACCESS } from '../../../domain/callers/access.ts'
import type { Invitation, InvitedTo } from '../../../domain/callers/invitation.ts'
import { TEAM_ROLES } from '../../../domain/callers/team.ts'
import type { Role } from '../../../domain/users/role.ts'
import type { InvitationWish } from '../../../services/callers/invitations.ts'
import { ref } from '../../request.ts'
import type { Wrong } from '../bodies/shape.ts'

/** What the roles of each kind of thing begin with. */
const FAMILIES = { team: 'team', connection: 'database_connection', 'data-source': 'data_source' } as const

/** A member of an organisation reads; whoever is to do more gets another role from an owner. */
const IN_ORGANISATION: Readonly<Record<string, Role>> = { organisation_member: 'viewer', organisation_admin: 'admin' }

const THINGS = new Map<string, Omit<InvitedTo, 'id'>>([
  ...TEAM_ROLES.map(role => [`${FAMILIES.team}_${role}`, { kind: 'team', role }] as const),
  ...(['data-source', 'connection'] as const).flatMap(kind =>
    ACCESS.map(role => [`${FAMILIES[kind]}_${role}`, { kind, role }] as const),
  ),
])

const InvitedRole = Type.Unsafe<string>({ type: 'string', enum: [...Object.keys(IN_ORGANISATION), ...THINGS.keys()] })

const ThingId = Type.Unsafe<string | null>({
  type: ['string', 'null'],
  description: 'Team, data source or database connection that the role is for; none for a role in the organisation',
})

const InvitationBody = Type.Object(
  {
    id: Type.String({ minLength: 5, maxLength: 10 }),
    senderId: Type.String(),
    recipientEmailAddress: Type.String(),
    newUser: Type.Boolean({ description: 'Always true: who is known elsewhere is not told' }),
    role: InvitedRole,
    aclObjectId: Type.Optional(Type.String()),
    created: Type.String({ format: 'date-time' }),
    links: Type.Object({ self: Type.String() }),
  },
  { $id: 'Invitation' },
)

export const invitationSchemas = [InvitationBody]
export const SingleInvitation = Type.Object({ invitation: ref(InvitationBody) })
export const InvitationList = Type.Object({ invitations: Type.Array(ref(InvitationBody)) })

export const NewInvitation = Type.Object({
  invitation: Type.Object({
    recipientEmailAddress: Type.String({ description: 'Nothing is sent to it: hand the code over yourself' }),
    role: InvitedRole,
    aclObjectId: Type.Optional(ThingId),
  }),
})

export const Acceptance = Type.Object({
  invitation: Type.Object({
    code: Type.String({ format: 'password', description: 'What the header Rolecall-Invitation said' }),
    username: Type.Optional(Type.String({ description: 'For who has no key yet; without it, the e-mail address' })),
  }),
})

type Input = Static<typeof NewInvitation>

/** What a role asks for and a schema can't say. */
export function mismatchIn({ invitation: { role, aclObjectId } }: Input): readonly Wrong[] {
  const pointer = '/invitation/aclObjectId'
  const isGiven = typeof aclObjectId === 'string'
  if (THINGS.has(role) === isGiven) return []
  const missing = 'not present; it is required and must have json type string'
  const detail = `json pointer ${pointer} ${isGiven ? `has a value that is not acceptable; it must be left out for the role ${role}` : missing}`
  return [{ pointer, detail }]
}

export function toInvitation({ invitation }: Input): InvitationWish {
  const { recipientEmailAddress, role, aclObjectId } = invitation
  const email = recipientEmailAddress.trim()
  const thing = THINGS.get(role)
  if (!thing) return { email, role: IN_ORGANISATION[role]! }
  return { email, role: 'viewer', to: { ...thing, id: aclObjectId! } as InvitedTo }
}

export function fromInvitation({ id, projectId, senderId, email, role, to, createdAt }: Invitation) {
  return {
    id,
    senderId,
    recipientEmailAddress: email,
    newUser: true,
    role: to ? `${FAMILIES[to.kind]}_${to.role}` : `organisation_${role === 'admin' ? 'admin' : 'member'}`,
    aclObjectId: to?.id,
    created: new Date(createdAt).toISOString(),
    links: { self: `/v1/organisations/${projectId}/invitations/${id}` },
  }
}
