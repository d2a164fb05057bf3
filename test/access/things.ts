import { randomInt } from 'node:crypto'
import { newInstanceId, newKeyId, newOperationId, newProjectId, newShortId } from '../../src/domain/id.ts'
import { newSecret } from '../../src/domain/secret.ts'
import { organisationIdOf } from '../../src/services/callers/organisation.ts'
import type { Store } from '../../src/store/store.ts'
import { aConnection, aKey, anInstance, anOperation, anOperator, aTarget, NOON } from '../store/builders.ts'
import { aSource } from '../store/contract/access.ts'

/** What stands for each `:name` of a path. */
export type Things = Readonly<Record<string, string>>

/** One of each thing in a project, made for one request: it may do with them what it likes. Nothing answers at the server's address. */
export async function thingsOf(store: Store, project: string, shared = true): Promise<Things> {
  const instance = anInstance(project)
  const connection = aConnection(instance, {
    host: `127.${randomInt(256)}.${randomInt(256)}.${1 + randomInt(254)}`,
    port: 9,
  })
  const source = aSource(project)
  const member = anOperator()
  const key = aKey(member.id, project, { projects: [{ projectId: project, role: 'viewer' }] })
  const team = { id: newShortId(), projectId: project, name: newShortId(), createdAt: NOON }
  const far = Date.UTC(2099, 0)
  const sent = { senderId: member.id, email: 'asked@example.test', role: 'viewer', createdAt: NOON } as const
  const invitation = { id: newShortId(), projectId: project, ...sent, expiresAt: far }
  const operation = anOperation({
    id: newOperationId(Date.now()),
    projectId: project,
    leaseUntil: far,
    targets: [aTarget({ instanceId: instance.id })],
  })
  await store.transaction(async tables => {
    await tables.instances.add(instance)
    await tables.connections.add(connection)
    await tables.dataSources.add(source)
    await tables.operators.add(member)
    await tables.members.set(project, member.id, 'viewer', NOON)
    await tables.keys.add(key, newSecret(40))
    await tables.teams.add(team)
    await tables.teams.setMember(team, member.id, 'member', NOON)
    await tables.invitations.add(invitation, newSecret(40))
    await tables.operations.begin(operation)
    const everybody = {
      projectId: project,
      subject: { kind: 'organisation', id: project },
      access: 'user',
      since: NOON,
    } as const
    const all = [
      { kind: 'connection', id: connection.id },
      { kind: 'data-source', id: source.id },
    ] as const
    if (shared) for (const entity of all) await tables.access.set({ ...everybody, entity })
  })
  return named({
    project,
    instance: instance.id,
    connection: connection.id,
    source: source.id,
    member: member.id,
    key: key.id,
    team: team.id,
    operation: operation.id,
    invitation: invitation.id,
    org: organisationIdOf(store.installation),
  })
}

/** Ids of the same looks that nothing has. */
export function missingThings(): Things {
  return named({
    project: newProjectId(),
    instance: newInstanceId(),
    connection: newShortId(),
    source: newShortId(),
    member: newShortId(),
    key: newKeyId(),
    team: newShortId(),
    operation: newOperationId(Date.now()),
    invitation: newShortId(),
    org: newProjectId(),
  })
}

/** The project itself is there, by every name that paths have for it. */
export const inProject = (id: string): Things => ({ project: id, organisationId: id, accountId: id, groupId: id })

type Kind =
  | 'project'
  | 'instance'
  | 'connection'
  | 'source'
  | 'member'
  | 'key'
  | 'team'
  | 'operation'
  | 'invitation'
  | 'org'

/** By the names that paths have for them. */
function named(ids: Readonly<Record<Kind, string>>): Things {
  const { project, instance, connection, source, member, key, team, operation, invitation, org } = ids
  return {
    ...{ project, instance, connection, key, operation },
    operator: member,
    userId: member,
    subjectEntityId: member,
    subjectType: 'user',
    databaseConnectionId: connection,
    dataSourceId: source,
    organisationId: project,
    teamId: team,
    invitationId: invitation,
    user: 'ada',
    database: 'orders',
    id: instance,
    username: 'ada',
    accountId: project,
    instanceId: instance,
    name: 'ada',
    groupId: project,
    orgId: org,
    keyId: key,
    clientId: `mdb_sa_id_${key}`,
    secretId: key,
    clusterName: 'orders-eu',
    entry: '10.0.0.0%2F8',
    roleName: 'reader',
    databaseName: 'orders',
  }
}
