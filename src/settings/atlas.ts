import { Type } from 'typebox'
import { number, oneOf, yesNo } from './values.ts'

const aBucket = (what: string, capacity: number, perMinute: number) =>
  Type.Object({
    capacity: number(`${what} of a project at once by the Atlas API`, 1, 10_000_000, capacity),
    perMinute: number(`${what} of a project that become possible again each minute`, 1, 10_000_000, perMinute),
  })

/** What the Atlas API leaves to whoever runs it. */
export const AtlasSettings = Type.Object({
  digestAlgorithm: oneOf('how keys are hashed by HTTP Digest; many clients know MD5 alone', ['MD5', 'SHA-256'], {
    default: 'MD5',
  }),
  nonceSeconds: number('seconds that a nonce of HTTP Digest is good for', 10, 86_400, 300),
  requireAccessList: yesNo('are keys that are bound to no networks refused by the Atlas API', false),
  acceptUnversioned: yesNo('are requests to /api/atlas/v2 that name no version served as 2023-01-01', false),
  withdrawnVersions: Type.Array(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }), {
    description: 'versions of resources that /api/atlas/v2 answers with 410 from now on',
    default: [],
    right: 'dates such as 2023-02-01 (as text: with commas between them)',
  }),
  envelopeLists: Type.Optional(
    oneOf('where lists go with ?envelope=true, in every generation; unset: content in v1, flat in v2', [
      'content',
      'flat',
    ]),
  ),
  partialFailure: oneOf(
    'a change of a database user fails on some clusters: all is taken back, or the rest follows (eventual)',
    ['all', 'eventual'],
    { default: 'all' },
  ),
  unknownScope: oneOf('a scope names a cluster that there is not', ['error', 'accept'], { default: 'error' }),
  lateJoin: oneOf(
    'passwords of database users for clusters that join later: kept sealed, or asked for again',
    ['sealed', 'ask'],
    { default: 'sealed' },
  ),
  drift: oneOf(
    'roles of database users that others changed on a cluster: told, set back (revert), or taken over (adopt)',
    ['report', 'revert', 'adopt'],
    { default: 'report' },
  ),
  listUnmanaged: yesNo('do lists show database users that others made', true),
  cleanOnLeave: yesNo('do database users go from a cluster that leaves its project', false),
  deleteMissing: oneOf('what deleting a database user that is not there answers', ['error', '204'], {
    default: 'error',
  }),
  joinUsernameSegments: yesNo('are slashes in a path that ends in a username part of the username', false),
  inertActions: yesNo(
    'may custom roles have actions that only the hosted service knows, and that do nothing here',
    false,
  ),
  clusterMs: number('one cluster has so long for its part of a change of a database user', 100, 600_000, 10_000),
  lookMs: number(
    'time between two looks for clusters that joined a project, and for roles that others changed',
    100,
    3_600_000,
    5_000,
  ),
  requestMs: number(
    'after this a caller of the Atlas API that changes a database user is answered',
    100,
    600_000,
    20_000,
  ),
  limits: Type.Object({
    users: number('database users of a project', 1, 100_000, 100),
    customRoles: number('custom roles of a project', 1, 100_000, 100),
    collectionRoles: number('roles on single collections that a user has', 1, 10_000, 100),
  }),
  rate: Type.Object({
    databaseUsers: aBucket('requests for database users', 10_000, 5000),
    customRoles: aBucket('requests for custom roles', 2000, 1000),
  }),
})
