import { sql } from 'kysely'
import type { Columns, Migration, TableMaker } from './columns.ts'

/** Everything that Rolecall remembers from its first release on. */
export const first: Migration = {
  version: 1,
  since: '0.1.0',
  async up(make) {
    await keysOfOurOwn(make)
    await whoCalls(make)
    await whatTheyCallWith(make)
    await whatTheyManage(make)
    await howItIsReached(make)
    await whatEnginesCannotSay(make)
    await theLedger(make)
    await whatHappened(make)
  },
}

async function keysOfOurOwn(make: TableMaker) {
  await make.table('dataKeys', { id: 'text', purpose: 'text', wrapped: 'text', createdAt: 'number' }, table =>
    table.addPrimaryKeyConstraint('data_keys_key', ['id']),
  )
}

async function whoCalls(make: TableMaker) {
  await make.table('projects', PROJECTS, table => table.addPrimaryKeyConstraint('projects_key', ['id']))
  await make.unique('projects_alias', 'projects', ['alias'])
  await make.table('operators', OPERATORS, table =>
    table
      .addPrimaryKeyConstraint('operators_key', ['id'])
      .addForeignKeyConstraint('operators_home', ['homeProjectId'], 'projects', ['id'], key =>
        key.onDelete('set null'),
      ),
  )
  await make.unique('operators_username', 'operators', ['username'])
  await make.unique('operators_outside', 'operators', ['issuer', 'subject'])
  // Two replicas that start at once on an empty store must not make two first operators.
  await make.db.schema
    .createIndex('operators_first')
    .on('operators')
    .unique()
    .column('first')
    .where('first', '=', 1)
    .execute()
  await make.table('members', { projectId: 'text', operatorId: 'text', role: 'text', since: 'number' }, table =>
    table
      .addPrimaryKeyConstraint('members_key', ['projectId', 'operatorId'])
      .addForeignKeyConstraint('members_project', ['projectId'], 'projects', ['id'], key => key.onDelete('cascade'))
      .addForeignKeyConstraint('members_operator', ['operatorId'], 'operators', ['id'], key => key.onDelete('cascade')),
  )
  await make.index('members_operator_index', 'members', ['operatorId'])
}

const PROJECTS: Columns = {
  id: 'text',
  name: 'text',
  alias: 'text?',
  policy: 'text',
  createdAt: 'number',
  version: 'number',
  searchText: 'text',
}

const OPERATORS: Columns = {
  id: 'text',
  username: 'text',
  email: 'text?',
  name: 'text?',
  issuer: 'text?',
  subject: 'text?',
  first: 'number',
  homeProjectId: 'text?',
  disabledAt: 'number?',
  createdAt: 'number',
  searchText: 'text',
}

async function whatTheyCallWith(make: TableMaker) {
  await make.table('apiKeys', API_KEYS, table =>
    table
      .addPrimaryKeyConstraint('api_keys_key', ['id'])
      .addForeignKeyConstraint('api_keys_operator', ['operatorId'], 'operators', ['id'], key =>
        key.onDelete('cascade'),
      ),
  )
  await make.unique('api_keys_public', 'apiKeys', ['publicKey'])
  await make.unique('api_keys_secret', 'apiKeys', ['secretHash'])
  await make.table('keyProjects', { keyId: 'text', projectId: 'text', role: 'text', scopes: 'text?' }, table =>
    table
      .addPrimaryKeyConstraint('key_projects_key', ['keyId', 'projectId'])
      .addForeignKeyConstraint('key_projects_of', ['keyId'], 'apiKeys', ['id'], key => key.onDelete('cascade'))
      .addForeignKeyConstraint('key_projects_project', ['projectId'], 'projects', ['id'], key =>
        key.onDelete('cascade'),
      ),
  )
  await make.index('key_projects_by_project', 'keyProjects', ['projectId', 'keyId'])
}

const API_KEYS: Columns = {
  id: 'text',
  publicKey: 'text',
  operatorId: 'text',
  homeProjectId: 'text',
  description: 'text?',
  networks: 'text',
  createdAt: 'number',
  expiresAt: 'number?',
  revokedAt: 'number?',
  lastUsedAt: 'number?',
  secretHash: 'text',
  digestMd5: 'text',
  digestSha256: 'text',
  searchText: 'text',
}

async function whatTheyManage(make: TableMaker) {
  await make.table('instances', INSTANCES, table =>
    table
      .addPrimaryKeyConstraint('instances_key', ['id'])
      .addForeignKeyConstraint('instances_project', ['projectId'], 'projects', ['id']),
  )
  await make.unique('instances_name', 'instances', ['projectId', 'name'])
  await make.unique('instances_slug', 'instances', ['projectId', 'slug'])
  await make.index('instances_page', 'instances', ['projectId', 'id'])
  await make.table('instanceFingerprints', { instanceId: 'text', fingerprint: 'text', since: 'number' }, table =>
    table
      .addPrimaryKeyConstraint('instance_fingerprints_key', ['instanceId', 'fingerprint'])
      .addForeignKeyConstraint('instance_fingerprints_of', ['instanceId'], 'instances', ['id'], key =>
        key.onDelete('cascade'),
      ),
  )
  await make.table('dialectViews', DIALECT_VIEWS, table =>
    table
      .addPrimaryKeyConstraint('dialect_views_key', ['instanceId', 'dialect'])
      .addForeignKeyConstraint('dialect_views_of', ['instanceId'], 'instances', ['id'], key => key.onDelete('cascade')),
  )
  await make.unique('dialect_views_alias', 'dialectViews', ['projectId', 'dialect', 'alias'])
}

const INSTANCES: Columns = {
  id: 'text',
  projectId: 'text',
  engine: 'text',
  name: 'text',
  slug: 'text',
  versionSlug: 'text?',
  mode: 'text',
  policy: 'text',
  tags: 'text',
  advertise: 'text',
  accountHost: 'text?',
  defaultDatabase: 'text?',
  managingConnectionId: 'text?',
  serverVersion: 'text?',
  serverVariant: 'text?',
  serverReadOnly: 'number?',
  serverFingerprint: 'text?',
  serverSeenAt: 'number?',
  changedFingerprint: 'text?',
  changedSince: 'number?',
  leaving: 'number',
  createdAt: 'number',
  updatedAt: 'number',
  version: 'number',
  searchText: 'text',
}

const DIALECT_VIEWS: Columns = {
  instanceId: 'text',
  projectId: 'text',
  dialect: 'text',
  state: 'text',
  alias: 'text?',
  details: 'text',
}

async function howItIsReached(make: TableMaker) {
  await make.table('connections', CONNECTIONS, table =>
    table
      .addPrimaryKeyConstraint('connections_key', ['id'])
      .addForeignKeyConstraint('connections_project', ['projectId'], 'projects', ['id'])
      .addForeignKeyConstraint('connections_instance', ['instanceId'], 'instances', ['id']),
  )
  await make.unique('connections_name', 'connections', ['projectId', 'nameKey'])
  await make.index('connections_page', 'connections', ['projectId', 'id'])
  await make.index('connections_by_age', 'connections', ['projectId', 'createdAt', 'id'])
  await make.index('connections_of_instance', 'connections', ['instanceId', 'createdAt'])
  await make.table('instanceAddresses', ADDRESSES, table =>
    table
      .addPrimaryKeyConstraint('instance_addresses_key', ['connectionId', 'host', 'port'])
      .addForeignKeyConstraint('instance_addresses_of', ['connectionId'], 'connections', ['id'], key =>
        key.onDelete('cascade'),
      ),
  )
  await make.index('instance_addresses_find', 'instanceAddresses', ['projectId', 'engine', 'host', 'port'])
}

const CONNECTIONS: Columns = {
  id: 'text',
  projectId: 'text',
  instanceId: 'text',
  name: 'text',
  nameKey: 'text',
  engine: 'text',
  databaseType: 'text',
  host: 'text',
  port: 'number',
  hosts: 'text',
  database: 'text',
  username: 'text',
  credentialKind: 'text?',
  credential: 'text?',
  authDatabase: 'text?',
  mechanism: 'text?',
  tls: 'text?',
  tlsClientKey: 'text?',
  options: 'text',
  createdBy: 'text',
  createdAt: 'number',
  updatedAt: 'number',
  provedAt: 'number?',
  missingRights: 'text?',
  removedAt: 'number?',
  testOutcome: 'text?',
  testDetail: 'text?',
  testAt: 'number?',
  version: 'number',
  searchText: 'text',
}

const ADDRESSES: Columns = {
  projectId: 'text',
  engine: 'text',
  host: 'text',
  port: 'number',
  instanceId: 'text',
  connectionId: 'text',
}

async function whatEnginesCannotSay(make: TableMaker) {
  await make.table('userRecords', USER_RECORDS, table =>
    table
      .addPrimaryKeyConstraint('user_records_key', ['instanceId', 'userKey'])
      .addForeignKeyConstraint('user_records_of', ['instanceId'], 'instances', ['id'], key => key.onDelete('cascade')),
  )
  await make.index('user_records_expiry', 'userRecords', ['validUntil'])
}

const USER_RECORDS: Columns = {
  instanceId: 'text',
  userKey: 'text',
  incarnation: 'text?',
  madeOperationId: 'text?',
  madeOperatorId: 'text?',
  madeUsername: 'text?',
  madeDialect: 'text?',
  madeAt: 'number?',
  passwordChangedAt: 'number?',
  labels: 'text',
  description: 'text?',
  validUntil: 'number?',
  asked: 'text',
  password: 'text?',
}

// No foreign keys from here on to what is managed: the ledger and the audit outlive it.
async function theLedger(make: TableMaker) {
  await make.table('operations', OPERATIONS, table => table.addPrimaryKeyConstraint('operations_key', ['id']))
  await make.index('operations_page', 'operations', ['projectId', 'id'])
  await make.index('operations_answer', 'operations', ['answerUntil'])
  // Few operations are open at any time, so asking for them costs the same whatever history holds.
  await make.db.schema
    .createIndex('operations_open')
    .on('operations')
    .columns(['projectId', 'id'])
    .where(sql.ref('state'), '=', 'open')
    .execute()
  await make.db.schema
    .createIndex('operations_due')
    .on('operations')
    .columns(['nextTryAt', 'leaseUntil'])
    .where(sql.ref('state'), '=', 'open')
    .execute()
  await make.table('operationTargets', TARGETS, table =>
    table
      .addPrimaryKeyConstraint('operation_targets_key', ['operationId', 'position'])
      .addForeignKeyConstraint('operation_targets_of', ['operationId'], 'operations', ['id'], key =>
        key.onDelete('cascade'),
      ),
  )
  await make.db.schema
    .createIndex('operation_targets_open')
    .on('operationTargets')
    .unique()
    .columns(['instanceId', 'subjectKind', 'subjectKey'])
    .where(sql.ref('open'), '=', 1)
    .execute()
  await make.index('operation_targets_subject', 'operationTargets', [
    'instanceId',
    'subjectKind',
    'subjectKey',
    'operationId',
  ])
  await make.table('operationSteps', STEPS, table =>
    table
      .addPrimaryKeyConstraint('operation_steps_key', ['operationId', 'target', 'position'])
      .addForeignKeyConstraint('operation_steps_of', ['operationId'], 'operations', ['id'], key =>
        key.onDelete('cascade'),
      ),
  )
  await make.table('replays', REPLAYS, table => table.addPrimaryKeyConstraint('replays_key', ['keyId', 'replayKey']))
  await make.index('replays_until', 'replays', ['until'])
}

const OPERATIONS: Columns = {
  id: 'text',
  projectId: 'text',
  state: 'text',
  operatorId: 'text',
  keyId: 'text?',
  address: 'text',
  dialect: 'text',
  requestId: 'text',
  createdAt: 'number',
  settledAt: 'number?',
  attempts: 'number',
  nextTryAt: 'number?',
  worker: 'text?',
  leaseUntil: 'number?',
  faultCode: 'text?',
  faultSubject: 'text?',
  faultMessage: 'text?',
  faultAt: 'number?',
  abandonedBy: 'text?',
  answer: 'text',
  answerUntil: 'number?',
}

const TARGETS: Columns = {
  operationId: 'text',
  position: 'number',
  open: 'number',
  instanceId: 'text',
  subjectKind: 'text',
  subjectKey: 'text',
  kind: 'text',
  change: 'text',
  password: 'text?',
  incarnation: 'text?',
  record: 'text?',
  outcome: 'text?',
  outcomePassword: 'text?',
  searchText: 'text',
}

const STEPS: Columns = {
  operationId: 'text',
  target: 'number',
  position: 'number',
  database: 'text?',
  statement: 'text',
  why: 'text',
}

const REPLAYS: Columns = {
  keyId: 'text',
  replayKey: 'text',
  requestHash: 'text',
  operationId: 'text?',
  answer: 'text?',
  until: 'number',
}

async function whatHappened(make: TableMaker) {
  await make.table('auditLines', AUDIT, table => table.addPrimaryKeyConstraint('audit_lines_key', ['id']))
  await make.unique('audit_lines_chain', 'auditLines', ['sequence'])
  await make.index('audit_lines_page', 'auditLines', ['projectId', 'id'])
}

const AUDIT: Columns = {
  id: 'text',
  sequence: 'number?',
  chainHash: 'text?',
  projectId: 'text?',
  at: 'number',
  operatorId: 'text',
  keyId: 'text?',
  address: 'text',
  dialect: 'text',
  requestId: 'text',
  operationId: 'text?',
  action: 'text',
  subject: 'text',
  detail: 'text',
  outcome: 'text',
  reason: 'text?',
  searchText: 'text',
}
