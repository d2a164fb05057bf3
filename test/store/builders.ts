import { randomBytes } from 'node:crypto'
import type { ApiKey } from '../../src/domain/callers/api-key.ts'
import type { Operator } from '../../src/domain/callers/operator.ts'
import type { Project } from '../../src/domain/callers/project.ts'
import { newInstanceId, newKeyId, newOperationId, newProjectId, newPublicKey, newShortId } from '../../src/domain/id.ts'
import type { AuditLine } from '../../src/domain/operations/audit.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Connection } from '../../src/domain/servers/connection.ts'
import type { Instance } from '../../src/domain/servers/instance.ts'
import { userKeyText } from '../../src/domain/users/user.ts'
import type { NewOperation } from '../../src/store/interface/operations.ts'
import type { Replay } from '../../src/store/interface/replays.ts'
import { MasterKey } from '../../src/store/sealing/master-key.ts'
import type { Store } from '../../src/store/store.ts'
import type { UserRecord } from '../../src/store/user-record.ts'

/** A moment that no clock of ours will reach: what is due then is not due now. */
export const NOON = Date.UTC(2026, 10, 22, 12)

export function aMasterKey(): MasterKey {
  return new MasterKey([randomBytes(32)])
}

export function anOperator(own: Partial<Operator> = {}): Operator {
  const id = newShortId()
  return { id, username: `${id}@example.test`, first: false, createdAt: NOON, ...own }
}

export function aProject(own: Partial<Project> = {}): Project {
  return { id: newProjectId(), name: 'Orders', policy: {}, createdAt: NOON, version: 1, ...own }
}

export function aKey(operatorId: string, projectId: string, own: Partial<ApiKey> = {}): ApiKey {
  return {
    id: newKeyId(),
    publicKey: newPublicKey(),
    operatorId,
    homeProjectId: projectId,
    networks: [],
    projects: [{ projectId, role: 'admin' }],
    createdAt: NOON,
    ...own,
  }
}

export function anInstance(projectId: string, own: Partial<Instance> = {}): Instance {
  const id = newInstanceId()
  return {
    id,
    projectId,
    engine: 'postgresql',
    name: `pg-${id.slice(0, 8)}`,
    slug: `pg-${id.slice(0, 8)}`,
    mode: 'manage',
    policy: {},
    tags: [],
    advertise: {},
    leaving: false,
    createdAt: NOON,
    updatedAt: NOON,
    version: 1,
    ...own,
  }
}

export function aConnection(instance: Instance, own: Partial<Connection> = {}): Connection {
  const id = newShortId()
  return {
    id,
    projectId: instance.projectId,
    instanceId: instance.id,
    name: `Connection ${id}`,
    engine: instance.engine,
    databaseType: 'POSTGRESQL',
    host: `${id}.example.test`,
    port: 5432,
    hosts: [],
    database: 'orders',
    username: 'rolecall',
    credential: { kind: 'sealed', secret: new Secret('the managing password') },
    options: {},
    createdBy: 'ada12345',
    createdAt: NOON,
    updatedAt: NOON,
    version: 1,
    ...own,
  }
}

export function aUserRecord(instanceId: string, own: Partial<UserRecord> = {}): UserRecord {
  return { instanceId, key: userKeyText({ name: 'ada' }), labels: {}, asked: {}, ...own }
}

export type NewTarget = NewOperation['targets'][number]

export function aTarget(own: Partial<NewTarget> & { readonly name?: string } = {}): NewTarget {
  const { name = newShortId(), ...rest } = own
  return {
    instanceId: newInstanceId(),
    subject: { kind: 'user', key: userKeyText({ name }) },
    change: { kind: 'reset-user', key: { name }, password: new Secret('a new password') },
    steps: [{ statement: `alter role ${name} password '[secret]'`, why: 'a new password' }],
    ...rest,
  }
}

export function anOperation(own: Partial<NewOperation> = {}): NewOperation {
  return {
    id: newOperationId(NOON),
    projectId: newProjectId(),
    operatorId: 'ada12345',
    address: '127.0.0.1',
    dialect: 'native',
    requestId: 'req-1',
    createdAt: NOON,
    worker: 'one',
    leaseUntil: NOON + 30_000,
    targets: [aTarget()],
    ...own,
  }
}

export function aReplay(own: Partial<Replay> = {}): Replay {
  return { keyId: newKeyId(), replayKey: 'once', requestHash: 'hash', until: NOON + 86_400_000, ...own }
}

export function anAuditLine(own: Partial<AuditLine> = {}): AuditLine {
  return {
    projectId: newProjectId(),
    at: NOON,
    operatorId: 'ada12345',
    address: '127.0.0.1',
    dialect: 'native',
    requestId: 'req-1',
    action: 'user.create',
    subject: 'ada on orders',
    detail: ["create role ada password '[secret]'"],
    outcome: 'done',
    ...own,
  }
}

/** A project with an operator, an instance and a connection in it: what most tests start from. */
export async function aManagedServer(store: Store, own: Partial<Connection> = {}) {
  const project = aProject()
  const operator = anOperator()
  const instance = anInstance(project.id)
  const connection = aConnection(instance, own)
  await store.transaction(async tables => {
    await tables.projects.add(project)
    await tables.operators.add(operator)
    await tables.members.set(project.id, operator.id, 'admin', NOON)
    await tables.instances.add(instance)
    await tables.connections.add(connection)
  })
  return { project, operator, instance, connection }
}
