import type { Need } from './needs.ts'

/** This API refuses a role that is too small with 401, and projects of others, too. */
const refusal = 401

const group = '/groups/:groupId'
const org = '/orgs/:orgId'
const one = `${group}/databaseUsers/:databaseName/:username`
const certs = `${group}/databaseUsers/:databaseName/certs`
const role = `${group}/customDBRoles/roles`
const user = { username: 'ada', password: 'teal-Harbor-91', roles: [{ databaseName: 'admin', roleName: 'backup' }] }
const customRole = { roleName: 'reader', actions: [{ action: 'FIND', resources: [{ db: 'd', collection: 'c' }] }] }
const entries = [{ cidrBlock: '10.0.0.0/8' }]
const key = { desc: 'new', roles: ['GROUP_READ_ONLY'] }
const orgKey = { desc: 'new', roles: ['ORG_MEMBER'] }
const account = { name: 'new', description: 'new', roles: ['GROUP_READ_ONLY'], secretExpiresAfterHours: 8 }
const secret = { secretExpiresAfterHours: 8 }

const clusters: Readonly<Record<string, Need>> = {
  [`GET ${group}/clusters`]: { right: 'read', refusal },
  [`GET ${group}/clusters/:clusterName`]: { right: 'read', refusal, empty: true },
}

/** In the current generation and the first one alike. */
const everywhere: Readonly<Record<string, Need>> = {
  'GET ': { right: 'key' },
  'GET /groups': { right: 'key' },
  'POST /groups': { right: 'first', refusal, body: { name: 'another', orgId: ':orgId' } },
  'GET /groups/byName/:name': { right: 'key', empty: true },
  [`GET ${group}`]: { right: 'project', refusal },
  [`PATCH ${group}`]: { right: 'own', refusal, body: { name: 'renamed' } },
  [`DELETE ${group}`]: { right: 'own', refusal },
  [`GET ${group}/teams`]: { right: 'project', refusal },
  [`GET ${group}/users`]: { right: 'project', refusal },
  [`GET ${group}/limits`]: { right: 'project', refusal },
  [`GET ${group}/settings`]: { right: 'project', refusal },
  [`GET ${group}/ipAddresses`]: { right: 'project', refusal },
  [`GET ${group}/userSecurity`]: { right: 'read', refusal },
  [`PATCH ${group}/userSecurity`]: { right: 'update', refusal },
  [`DELETE ${group}/userSecurity/customerX509`]: { right: 'update', refusal },
  'GET /orgs': { right: 'key' },
  [`GET ${org}`]: { right: 'key' },
  [`GET ${org}/groups`]: { right: 'key' },
  ...clusters,
  'GET /clusters': { right: 'key' },
  [`GET ${group}/databaseUsers`]: { right: 'read', refusal },
  [`POST ${group}/databaseUsers`]: { right: 'create', refusal, body: user },
  [`GET ${one}`]: { right: 'read', refusal, empty: true },
  [`PATCH ${one}`]: { right: 'update', refusal, empty: true, body: {} },
  [`DELETE ${one}`]: { right: 'delete', refusal, empty: true },
  [`POST ${certs}`]: { right: 'create', refusal, empty: true, body: {} },
  // The rest is about a user of that name.
  [`GET ${certs}`]: { right: 'read', refusal, empty: true },
  [`PATCH ${certs}`]: { right: 'update', refusal, empty: true, body: {} },
  [`DELETE ${certs}`]: { right: 'delete', refusal, empty: true },
  [`GET ${role}`]: { right: 'read', refusal },
  [`POST ${role}`]: { right: 'create', refusal, body: customRole },
  [`GET ${role}/:roleName`]: { right: 'read', refusal, empty: true },
  [`PATCH ${role}/:roleName`]: { right: 'update', refusal, empty: true, body: {} },
  [`DELETE ${role}/:roleName`]: { right: 'delete', refusal, empty: true },
  ...accessList('accessList'),
  [`GET ${group}/apiKeys`]: { right: 'belong', refusal },
  [`POST ${group}/apiKeys`]: { right: 'administer', refusal, body: key },
  // A key of somebody else: for admins.
  [`GET ${group}/apiKeys/:keyId`]: { right: 'administer', refusal: 404 },
  [`POST ${group}/apiKeys/:keyId`]: { right: 'administer', refusal, body: [{ roles: ['GROUP_READ_ONLY'] }] },
  [`PATCH ${group}/apiKeys/:keyId`]: { right: 'administer', refusal, body: { desc: 'other' } },
  [`DELETE ${group}/apiKeys/:keyId`]: { right: 'administer', refusal },
  [`GET ${org}/apiKeys`]: { right: 'first', refusal },
  [`POST ${org}/apiKeys`]: { right: 'first', refusal, body: orgKey },
  [`GET ${org}/apiKeys/:keyId`]: { right: 'first', refusal },
  [`PATCH ${org}/apiKeys/:keyId`]: { right: 'first', refusal, body: { desc: 'other' } },
  [`DELETE ${org}/apiKeys/:keyId`]: { right: 'first', refusal },
  [`GET ${org}/apiKeys/:keyId/accessList`]: { right: 'first', refusal },
  [`POST ${org}/apiKeys/:keyId/accessList`]: { right: 'first', refusal, body: entries },
  [`GET ${org}/apiKeys/:keyId/accessList/:entry`]: { right: 'first', refusal },
  [`DELETE ${org}/apiKeys/:keyId/accessList/:entry`]: { right: 'first', refusal },
}

function accessList(word: string): Readonly<Record<string, Need>> {
  return {
    [`GET ${group}/${word}`]: { right: 'network', refusal },
    [`POST ${group}/${word}`]: { right: 'administer', refusal, body: entries },
    [`GET ${group}/${word}/:entry`]: { right: 'network', refusal, empty: true },
    [`GET ${group}/${word}/:entry/status`]: { right: 'network', refusal, empty: true },
    [`DELETE ${group}/${word}/:entry`]: { right: 'administer', refusal, empty: true },
  }
}

const accounts: Readonly<Record<string, Need>> = {
  ...accountsIn(group, { right: 'belong', refusal }, { right: 'administer', refusal }, account),
  ...accountsIn(org, { right: 'first', refusal }, { right: 'first', refusal }, { ...account, roles: ['ORG_MEMBER'] }),
}

/** The key that paths name is no service account. */
function accountsIn(place: string, reading: Need, writing: Need, body: object): Readonly<Record<string, Need>> {
  const one = `${place}/serviceAccounts/:clientId`
  return {
    [`GET ${place}/serviceAccounts`]: reading,
    [`POST ${place}/serviceAccounts`]: { ...writing, body },
    [`GET ${one}`]: { ...reading, empty: true },
    [`PATCH ${one}`]: { ...writing, empty: true, body: { name: 'other' } },
    [`DELETE ${one}`]: { ...writing, empty: true },
    [`POST ${one}/secrets`]: { ...writing, empty: true, body: secret },
    [`DELETE ${one}/secrets/:secretId`]: { ...writing, empty: true },
  }
}

function below(prefix: string, needs: Readonly<Record<string, Need>>): Readonly<Record<string, Need>> {
  return Object.fromEntries(Object.entries(needs).map(([route, need]) => [route.replace(' ', ` ${prefix}`), need]))
}

export const atlas: Readonly<Record<string, Need>> = {
  ...below('/api/atlas/v1.0', { ...everywhere, ...accessList('whitelist') }),
  ...below('/api/atlas/v1.5', clusters),
  ...below('/api/atlas/v2', { ...everywhere, ...accounts }),
  // These ask for a client's own secret, which is none of the keys of the matrix.
  'POST /api/oauth/token': { right: 'public' },
  'POST /api/oauth/revoke': { right: 'public' },
  'GET /api/private/unauth/version': { right: 'public' },
  'GET /api/private/unauth/nds/defaultMongoDBMajorVersion': { right: 'public' },
  'GET /api/private/ipinfo': { right: 'public' },
}
