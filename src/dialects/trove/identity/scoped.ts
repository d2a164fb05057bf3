import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../../domain/callers/caller.ts'
import type { Project } from '../../../domain/callers/project.ts'
import type { Token } from '../../../domain/callers/token.ts'
import { Fault } from '../../../domain/fault.ts'
import { isProjectId } from '../../../domain/id.ts'
import type { Role } from '../../../domain/users/role.ts'
import { refused } from '../../../services/callers/authentication.ts'
import { isToken } from '../../../services/callers/tokens.ts'
import type { TroveParts } from '../context.ts'
import { limit, originOf } from '../requests/authentication.ts'
import { callerCalled } from '../requests/ways-in.ts'

/** Who proved who it is, and how. */
export interface Proved {
  readonly caller: Caller
  readonly methods: readonly string[]
  /** Where a token was the proof: a token made from it ends no later. */
  readonly token?: Token
}

/** What a token says: who, where, and until when. */
export interface Scoped {
  readonly caller: Caller
  readonly project: Project
  readonly token: Token
  /** The token itself, as its holder has it. */
  readonly text: string
}

/** By a name and the private half of a key: the name is the operator's, its id, or the key's public half. */
export async function provedByPassword(
  { services }: TroveParts,
  request: FastifyRequest,
  name: string,
  secret: string,
  method = 'password',
): Promise<Proved> {
  return { caller: await callerCalled({ services }, name, secret, originOf(request)), methods: [method] }
}

/** By a token that was issued before, or by a key's private half, which is one, too. */
export async function provedByToken({ services }: TroveParts, request: FastifyRequest, text: string): Promise<Proved> {
  const origin = originOf(request)
  if (!isToken(text)) return { caller: await services.authentication.byPrivateKey(text, origin), methods: ['token'] }
  const { caller, token } = await services.tokens.caller(text, origin)
  return { caller, methods: [...new Set([...token.methods, 'token'])], token }
}

/** A new token for the project that is asked for by id, alias or name; without one, for the key's own. */
export async function issue(
  parts: TroveParts,
  request: FastifyRequest,
  { caller, methods, token: before }: Proved,
  asked: string | undefined,
): Promise<Scoped> {
  request.caller = caller
  await limit(parts, request)
  const projects = await projectsOf(parts, caller)
  const project = asked === undefined ? usual(projects, caller) : called(projects, asked)
  // Keystone says the same of a project that is not there as of one that is not open to the caller.
  if (!project) throw refused()
  const { token, secret } = await parts.services.tokens.issue(caller, project.id, methods, before?.expiresAt)
  return { caller, project, token, text: secret.reveal() }
}

export async function projectsOf({ services }: TroveParts, caller: Caller): Promise<readonly Project[]> {
  const projects: Project[] = []
  for (let after: string | undefined, last = false; !last; last = after === undefined) {
    const page = await services.projects.list(caller, { limit: 1000, after })
    projects.push(...page.items)
    after = page.next
  }
  return projects
}

/** The key's own, or the only one: of several none is guessed. */
export function usual(projects: readonly Project[], { key }: Caller): Project | undefined {
  return projects.find(({ id }) => id === key.homeProjectId) ?? (projects.length === 1 ? projects[0] : undefined)
}

/** Ids and aliases come first, because names are anybody's choice, and more than one project may have the same. */
function called(projects: readonly Project[], asked: string): Project | undefined {
  const known = projects.find(({ id }) => id === asked) ?? projects.find(({ alias }) => alias === asked)
  if (known || isProjectId(asked)) return known
  const named = projects.filter(({ name }) => name === asked)
  if (named.length > 1) throw new Fault('conflict', 'project', `${named.length} of your projects are called ${asked}`)
  return named[0]
}

/** What stands for the project in answers and addresses. */
export const tenantOf = ({ id, alias }: Project): string => alias ?? id

const ROLES: Readonly<Record<Role, readonly string[]>> = {
  viewer: ['reader'],
  editor: ['member', 'reader'],
  admin: ['admin', 'member', 'reader'],
  owner: ['admin', 'member', 'reader'],
}

/** The caller's role in Keystone's words; each includes the weaker ones. */
export function rolesOf({ caller, project }: Pick<Scoped, 'caller' | 'project'>): readonly string[] {
  const role = caller.roles.get(project.id)
  return role ? ROLES[role] : []
}

export const isAdmin = (scoped: Scoped): boolean => rolesOf(scoped).includes('admin')

export function momentOf(at: number): string {
  return new Date(at).toISOString()
}
