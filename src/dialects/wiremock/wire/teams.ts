import { type Static, Type } from 'typebox'
import type { Operator } from '../../../domain/callers/operator.ts'
import type { Project } from '../../../domain/callers/project.ts'
import type { Team } from '../../../domain/callers/team.ts'
import { ref } from '../../request.ts'
import { aclLinks } from './users.ts'

const TeamBody = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    aclSubject: Type.String(),
    aclObject: Type.String(),
    links: Type.Object({
      self: Type.String(),
      organisation: Type.String(),
      members: Type.String(),
      aclSubject: Type.String(),
      aclObject: Type.String(),
      acl: Type.String(),
    }),
  },
  { $id: 'Team' },
)

export const SingleTeam = Type.Object({ team: ref(TeamBody) })
export const TeamList = Type.Object({ teams: Type.Array(ref(TeamBody)) })
export const NewTeam = Type.Object({
  team: Type.Object({
    name: Type.String({ description: 'Unique in the organisation; 1 to 255 characters once trimmed' }),
    ownerId: Type.Optional(Type.String({ description: "The organisation; the caller's own without it" })),
  }),
})

export function fromTeam({ id, name, projectId }: Team) {
  const self = `/v1/teams/${id}`
  const own = { self, organisation: `/v1/organisations/${projectId}`, members: `${self}/members` }
  const links = { ...own, ...aclLinks(id), acl: `${self}/acl{?subjectId}` }
  return { id, name, aclSubject: id, aclObject: id, links }
}

const UserSummary = Type.Object(
  {
    id: Type.String(),
    username: Type.String(),
    avatarUrl: Type.String({ description: 'Empty: pictures would be fetched from elsewhere' }),
    emailAddress: Type.String(),
    links: Type.Object({ self: Type.String() }),
  },
  { $id: 'UserSummary' },
)

export const UserList = Type.Object({ users: Type.Array(ref(UserSummary)) })
export const MemberList = Type.Object({ members: Type.Array(ref(UserSummary)) })
export const SingleMember = Type.Object({ member: ref(UserSummary) })
export const NewMember = Type.Object({
  member: Type.Object({
    memberId: Type.String(),
    permissionFriendlyId: Type.Unsafe<string>({ type: 'string', enum: ['team_member', 'team_admin'] }),
  }),
})

export const toTeamRole = ({ member }: Static<typeof NewMember>) =>
  member.permissionFriendlyId === 'team_admin' ? 'admin' : 'member'

export function fromSummary({ id, username, email = '' }: Operator) {
  return { id, username, avatarUrl: '', emailAddress: email, links: { self: `/v1/users/${id}` } }
}

const OrganisationBody = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    emailAddress: Type.String({ description: 'Empty: nobody is written to' }),
    links: Type.Object({ self: Type.String(), users: Type.String(), teams: Type.String() }),
  },
  { $id: 'Organisation' },
)

export const SingleOrganisation = Type.Object({ organisation: ref(OrganisationBody) })

/** As the native API takes names of projects. */
const OrganisationName = Type.String({ minLength: 1, maxLength: 64, pattern: "^[\\p{L}\\p{N}\\-_.(),:&@+' ]+$" })
export const OrganisationChange = Type.Object({ organisation: Type.Object({ name: OrganisationName }) })

export function fromProject({ id, name }: Project) {
  const self = `/v1/organisations/${id}`
  return {
    organisation: { id, name, emailAddress: '', links: { self, users: `${self}/users`, teams: `${self}/teams` } },
  }
}

export const Usage = Type.Object({ usage: Type.Object({ totalDatabaseConnectionCount: Type.Integer() }) })

export const teamSchemas = [TeamBody, UserSummary, OrganisationBody]
