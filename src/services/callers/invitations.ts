import type { ApiKey } from '../../domain/callers/api-key.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import type { Invitation, InvitedTo } from '../../domain/callers/invitation.ts'
import type { Operator } from '../../domain/callers/operator.ts'
import { Fault } from '../../domain/fault.ts'
import { newKeyId, newPublicKey, newShortId } from '../../domain/id.ts'
import type { Secret } from '../../domain/secret.ts'
import { type Role, roleHas } from '../../domain/users/role.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkRight, checkWholeKey } from '../access/access.ts'
import { auditOf } from '../operations/audit.ts'
import { changeStore } from '../operations/store-change.ts'
import type { Origin } from './authentication.ts'
import { newPrivateKey } from './installation.ts'
import { checkUsername } from './operators.ts'

export interface InvitationWish {
  readonly email: string
  readonly role: Role
  readonly to?: InvitedTo
}

/** Whoever brings a code: an operator by its key, or somebody new who says how to be called. */
export type Newcomer = { readonly caller: Caller } | { readonly username?: string; readonly origin: Origin }

export interface Joined {
  readonly operator: Operator
  readonly projectId: string
  /** A key of their own in the project; known here and nowhere else afterwards. */
  readonly privateKey: Secret
}

/** How people come into a project without the command line: an owner gets a code, and hands it to whom it is for. */
export interface Invitations {
  /** Those that can still be taken up; `q` is a part of the address. */
  list(caller: Caller, projectId: string, q: string): Promise<readonly Invitation[]>
  get(caller: Caller, projectId: string, id: string): Promise<Invitation>
  /** In place of an earlier one to the same address. */
  create(
    caller: Caller,
    projectId: string,
    wish: InvitationWish,
  ): Promise<{ readonly invitation: Invitation; readonly code: Secret }>
  withdraw(caller: Caller, projectId: string, id: string): Promise<void>
  /** Good once. Throws `not_found`, always in the same words, for every code that opens nothing. */
  accept(code: Secret, newcomer: Newcomer): Promise<Joined>
}

/** Long enough for a holiday; a code that was lost should not open for ever. */
const LASTS_MS = 14 * 24 * 60 * 60_000

export function createInvitations(store: Store): Invitations {
  async function list(caller: Caller, projectId: string, q: string): Promise<readonly Invitation[]> {
    checkRight(caller, projectId, 'administer')
    const now = await store.now()
    return (await store.read.invitations.list(projectId, q)).filter(({ expiresAt }) => expiresAt > now)
  }

  async function get(caller: Caller, projectId: string, id: string): Promise<Invitation> {
    checkRight(caller, projectId, 'administer')
    return mustFind(store.read, projectId, id)
  }

  async function create(caller: Caller, projectId: string, wish: InvitationWish) {
    checkRight(caller, projectId, 'own')
    checkEmail(wish.email)
    const code = newPrivateKey()
    const invitation = await changeStore(store, async tables => {
      await checkIsNew(tables, projectId, wish.email)
      if (wish.to && !(await isThere(tables, projectId, wish.to))) throw noSuchThing()
      const now = await tables.now()
      await tables.invitations.sweep(now)
      await removeEarlier(tables, projectId, wish.email)
      const made = { ...wish, id: newShortId(), projectId, senderId: caller.operator.id }
      const asked: Invitation = { ...made, createdAt: now, expiresAt: now + LASTS_MS }
      await tables.invitations.add(asked, code)
      await note(tables, caller, asked, 'invitation.create')
      return asked
    })
    return { invitation, code }
  }

  function withdraw(caller: Caller, projectId: string, id: string): Promise<void> {
    checkRight(caller, projectId, 'own')
    return changeStore(store, async tables => {
      const invitation = await mustFind(tables, projectId, id)
      await tables.invitations.remove(id)
      await note(tables, caller, invitation, 'invitation.delete')
    })
  }

  function accept(code: Secret, newcomer: Newcomer): Promise<Joined> {
    return changeStore(store, async tables => {
      const invitation = await takeUp(tables, code)
      const { projectId } = invitation
      const now = await tables.now()
      const operator =
        'caller' in newcomer
          ? await known(tables, newcomer.caller, projectId)
          : await added(tables, invitation, newcomer.username, now)
      await join(tables, invitation, operator.id, now)
      const madeBy = 'caller' in newcomer ? newcomer.caller.key.madeBy : undefined
      const { key, privateKey } = await addKey(tables, operator.id, invitation, now, madeBy)
      const caller =
        'caller' in newcomer ? newcomer.caller : { operator, key, roles: new Map<string, Role>(), ...newcomer.origin }
      const detail = [invitation.role, `invitation ${invitation.id}`]
      await tables.audit.add(
        auditOf(caller, { projectId, action: 'member.join', subject: operator.id, detail, at: now }),
      )
      return { operator, projectId, privateKey }
    })
  }

  return { list, get, create, withdraw, accept }
}

async function mustFind(tables: Tables, projectId: string, id: string): Promise<Invitation> {
  const invitation = await tables.invitations.find(id)
  const isOpen = invitation?.projectId === projectId && invitation.expiresAt > (await tables.now())
  if (!isOpen) throw new Fault('not_found', 'invitation', `No invitation ${id}`)
  return invitation
}

/** Removed before anything is given for it: of two who bring one code at once, one finds it gone. */
async function takeUp(tables: Tables, code: Secret): Promise<Invitation> {
  const invitation = await tables.invitations.findByCode(code)
  if (!invitation || invitation.expiresAt <= (await tables.now())) throw spent()
  const sender = await tables.members.find(invitation.projectId, invitation.senderId)
  // Who may not make members any more has nothing to give.
  if (!sender || !roleHas(sender.role, 'own')) throw spent()
  if ((await tables.operators.find(invitation.senderId))?.disabledAt !== undefined) throw spent()
  if (!(await tables.invitations.remove(invitation.id))) throw spent()
  return invitation
}

function spent(): Fault {
  return new Fault('not_found', 'invitation', 'This code opens nothing, or nothing any more')
}

async function known(tables: Tables, caller: Caller, projectId: string): Promise<Operator> {
  checkWholeKey(caller, caller.key.homeProjectId)
  if (await tables.members.find(projectId, caller.operator.id))
    throw new Fault('conflict', 'member', 'You belong to that project already')
  return caller.operator
}

async function added(tables: Tables, { email, projectId }: Invitation, username = email, now: number) {
  checkUsername(username)
  const operator: Operator = {
    id: newShortId(),
    username,
    email,
    first: false,
    homeProjectId: projectId,
    createdAt: now,
  }
  await tables.operators.add(operator)
  return operator
}

/** What the invitation was to may be gone by now: then only the project is joined. */
async function join(tables: Tables, invitation: Invitation, operatorId: string, since: number): Promise<void> {
  const { projectId, role, to } = invitation
  await tables.members.set(projectId, operatorId, role, since)
  if (!to || !(await isThere(tables, projectId, to))) return
  if (to.kind !== 'team') {
    const subject = { kind: 'user', id: operatorId } as const
    return tables.access.set({ projectId, entity: { kind: to.kind, id: to.id }, subject, access: to.role, since })
  }
  const team = await tables.teams.find(to.id)
  if (team) await tables.teams.setMember(team, operatorId, to.role, since)
}

async function isThere(tables: Tables, projectId: string, { kind, id }: InvitedTo): Promise<boolean> {
  const tablesOf = { team: tables.teams, connection: tables.connections, 'data-source': tables.dataSources }
  return (await tablesOf[kind].find(id))?.projectId === projectId
}

async function addKey(
  tables: Tables,
  operatorId: string,
  { projectId, role, id }: Invitation,
  createdAt: number,
  madeBy: string | undefined,
) {
  const names = { id: newKeyId(), publicKey: newPublicKey(), description: `from invitation ${id}` }
  const opens = { homeProjectId: projectId, projects: [{ projectId, role }], networks: [] }
  const key: ApiKey = { ...names, ...opens, operatorId, createdAt, madeBy }
  const privateKey = newPrivateKey()
  await tables.keys.add(key, privateKey)
  return { key, privateKey }
}

/** Asked of this project alone: who is elsewhere is nobody's business here. */
async function checkIsNew(tables: Tables, projectId: string, email: string): Promise<void> {
  const found = await tables.members.list(projectId, { limit: 100, q: email })
  const operators = await Promise.all(found.items.map(({ operatorId }) => tables.operators.find(operatorId)))
  if (!operators.some(operator => operator?.email?.toLowerCase() === email.toLowerCase())) return
  throw new Fault('conflict', 'member', 'Somebody of that address belongs to the project already')
}

async function removeEarlier(tables: Tables, projectId: string, email: string): Promise<void> {
  for (const earlier of await tables.invitations.list(projectId, email))
    if (earlier.email.toLowerCase() === email.toLowerCase()) await tables.invitations.remove(earlier.id)
}

function checkEmail(email: string): void {
  if (email.length <= 254 && /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email) && email.isWellFormed()) return
  throw invalid('/email', 'must be an e-mail address')
}

const noSuchThing = () => invalid('/to', 'must be the id of something of the project that its role is for')

function invalid(pointer: string, detail: string): Fault {
  return new Fault('invalid', 'invitation', 'The invitation is not acceptable', { violations: [{ pointer, detail }] })
}

async function note(tables: Tables, caller: Caller, invitation: Invitation, action: string): Promise<void> {
  const { projectId, id, role, to } = invitation
  const detail = [role, ...(to ? [`${to.kind} ${to.id}`, to.role] : [])]
  await tables.audit.add(auditOf(caller, { projectId, action, subject: id, detail, at: await tables.now() }))
}
