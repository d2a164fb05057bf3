import { type Static, type TSchema, Type } from 'typebox'
import type { HostPort } from './domain/connection.ts'
import { BUILT_IN_POLICY, type OnOwned, type Policy } from './domain/policy.ts'
import type { Secret } from './domain/secret.ts'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** Each value's `description` and `right` (what a right value looks like) are what `--help` and the messages say. */
const text = (description: string, more: object = {}) =>
  Type.String({ description, minLength: 1, right: 'a text', ...more })

const number = (description: string, minimum: number, maximum: number, initial: number) =>
  Type.Integer({
    description,
    minimum,
    maximum,
    default: initial,
    right: `a whole number from ${minimum} to ${maximum}`,
  })

const yesNo = (description: string, initial?: boolean) =>
  Type.Boolean({ description, right: 'true or false', ...(initial !== undefined && { default: initial }) })

const oneOf = <const T extends string>(description: string, values: readonly T[], more: object = {}) =>
  Type.Unsafe<T>(Type.Enum([...values], { description, right: `one of ${values.join(', ')}`, ...more }))

const list = (description: string, form: Shape['form'], right: string) =>
  Type.Array(Type.String({ minLength: 1 }), {
    description,
    default: [],
    form,
    right: `${right} (as text: with commas between them)`,
  })

const networks = (description: string) => list(description, 'networks', 'networks such as 10.0.0.0/8 or 2001:db8::/32')

const reserved = (description: string) => list(description, undefined, 'names, or beginnings of names that end in *')

const aMinute = (what: string) =>
  number(`${what} a minute and key by the Trove API, of each HTTP method; 0 means no limit`, 0, 1_000_000, 0)

const aPageOf = (what: string) => number(`${what} in a page of the Trove API at most`, 1, 1000, 20)

/** What the Trove / Rackspace API leaves to whoever runs it. Built in is what its published form has. */
const TroveSettings = Type.Object({
  anonymous: Type.Optional(
    text('public half of the API key that stands for callers whose token is "notused"; without it they are refused', {
      pattern: '^[a-z]{8}$',
      right: 'the public half of an API key, 8 letters',
    }),
  ),
  httpBasic: yesNo(
    'may callers bring user name and password with each request (Authorization: Basic), and no token',
    false,
  ),
  root: yesNo('may root be enabled and disabled by the Trove API', true),
  collectionLinks: yesNo(
    'do pages name their links users_links (databases_links, instances_links), too, for every client',
    false,
  ),
  nameLimit: number(
    'longest user name on the MySQL family by the Trove API (hosted services: 16); 0: what the server takes',
    0,
    255,
    0,
  ),
  anyPassword: yesNo('may passwords on the MySQL family have spaces around them and any of \' " ; ` , / \\', false),
  hosts: Type.Array(Type.Enum(['netmask', 'ipv6', 'names']), {
    description: 'hosts of users on the MySQL family beyond IPv4 addresses, their beginnings and %',
    default: [],
    right: 'some of netmask, ipv6 and names (as text: with commas between them)',
  }),
  reservedUsers: reserved('more user names that the Trove API neither shows nor changes'),
  reservedDatabases: reserved('more databases that the Trove API neither shows nor changes'),
  page: Type.Object({
    users: aPageOf('users'),
    databases: aPageOf('databases'),
    instances: aPageOf('instances'),
  }),
  rate: Type.Object({
    reads: aMinute('reading requests'),
    userWrites: aMinute('changes of users, their access and root'),
    writes: aMinute('changes of databases and instances'),
    actions: aMinute('actions on instances'),
  }),
})

const aBucket = (what: string, capacity: number, perMinute: number) =>
  Type.Object({
    capacity: number(`${what} of a project at once by the Atlas API`, 1, 10_000_000, capacity),
    perMinute: number(`${what} of a project that become possible again each minute`, 1, 10_000_000, perMinute),
  })

/** What the Atlas API leaves to whoever runs it. */
const AtlasSettings = Type.Object({
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

/** Keys with a form are looked at more closely by the loader; `from: 'variable'` keeps secrets out of files and process lists. */
const SettingsSchema = Type.Object(
  {
    data: text('folder for everything that Rolecall keeps', {
      default: 'rolecall-data',
      from: 'start',
      right: 'a folder',
    }),
    host: text('address to listen on; 0.0.0.0 is every IPv4 one', {
      default: '127.0.0.1',
      right: 'an address or host name',
    }),
    port: number('port to listen on; 0 takes a free one', 0, 65_535, 8480),
    publicUrl: Type.Optional(
      text('where clients reach it, if that differs from host and port', {
        form: 'url',
        right: 'an http:// or https:// address',
      }),
    ),
    trustProxy: networks('proxies whose X-Forwarded-For and -Proto are believed'),
    tls: Type.Object({
      cert: Type.Optional(
        text('certificate (chain) in a PEM file; with it HTTPS is spoken', { right: 'a file that can be read' }),
      ),
      key: Type.Optional(text('its private key in a PEM file', { right: 'a file that can be read' })),
    }),
    store: Type.Optional(
      text('PostgreSQL that several replicas share; without it SQLite in the data folder', {
        form: 'store',
        right: 'postgres://user:password@host:5432/database',
      }),
    ),
    masterKey: Type.Optional(
      text('master key(s) that seal what is stored; without it a file in the data folder', { from: 'variable' }),
    ),
    network: Type.Object({
      allow: list(
        'networks that database servers may be in although refused by default (loopback, link-local, metadata), and single endpoints',
        'reach',
        'networks such as 10.0.0.0/8 or 2001:db8::/32, or endpoints such as 127.0.0.1:5432 or [::1]:5432',
      ),
      deny: networks('networks that are never connected to'),
      private: Type.Boolean({
        description: 'may database servers be in private networks that network.allow does not name',
        default: true,
        right: 'true or false',
      }),
      hosts: list(
        'names and addresses of database servers; where there are any, no others are connected to',
        'hosts',
        'names such as db.example.com or *.db.example.com',
      ),
      denyHosts: list(
        'names and addresses that are never connected to',
        'hosts',
        'names such as *.internal.example.com',
      ),
      ports: list(
        'ports that database servers may have, for all engines or for one; where there are any, no others are connected to',
        'ports',
        'ports such as 5432, 5430-5439 or postgresql:5432',
      ),
    }),
    credentials: Type.Object({
      allow: Type.Array(Type.String({ minLength: 1 }), {
        description:
          'variables and files that connections may take their password from; * at the end stands for anything',
        default: [],
        right: 'references such as env:DB_PASSWORD_* or file:/run/secrets/* (as text: with commas between them)',
      }),
    }),
    policy: Type.Object({
      minPasswordLength: Type.Optional(
        Type.Integer({
          description: 'shortest password a caller may choose',
          minimum: 1,
          maximum: 1000,
          right: 'a whole number from 1 to 1000',
        }),
      ),
      maxLifeDays: Type.Optional(
        Type.Integer({
          description: 'days after which a new user goes at the latest; 0: it may stay',
          minimum: 0,
          maximum: 36_500,
          right: 'a whole number from 0 to 36500',
        }),
      ),
      onOwned: Type.Optional(
        Type.Unsafe<OnOwned>(
          text('what happens to objects of a user that is dropped', {
            pattern: '^(refuse|drop|reassign:.+)$',
            right: 'refuse, drop or reassign:NAME',
          }),
        ),
      ),
      allowOwnedDrop: Type.Optional(yesNo('may callers ask to drop what a user owns')),
      forceDropDatabase: Type.Optional(yesNo('end the sessions of a database that is dropped, instead of refusing')),
      manageExisting: Type.Optional(yesNo('may logins that others made be reset, locked or dropped')),
      closePublic: Type.Optional(yesNo("close PUBLIC's rights on databases that are granted on")),
      newUserGrants: Type.Optional(
        oneOf('what a new user may do where its maker says nothing', ['none', 'read', 'readwrite', 'owner']),
      ),
      passwordRecall: Type.Optional(oneOf('are passwords kept, sealed, to be read again', ['never', 'stored'])),
      requirePasswordOnMove: Type.Optional(
        yesNo('is a connection led to another server only with its password typed again'),
      ),
      onDelete: Type.Optional(oneOf("what a dialect's delete of an instance does", ['release', 'refuse'])),
    }),
    limits: Type.Object({
      linksPerInstance: number('administrative links to one instance at most', 1, 100, 4),
      linksInAll: number('administrative links to all instances together at most', 1, 10_000, 100),
      bodyBytes: number('largest request body', 1024, 104_857_600, 65_536),
      ratePerMinute: number('requests a minute and key; 0 means no limit', 0, 1_000_000, 6000),
    }),
    timeouts: Type.Object({
      statementMs: number('deadline of a statement on a database server', 100, 600_000, 10_000),
      requestMs: number('after this a caller gets its answer in any case; the work goes on', 100, 600_000, 13_000),
    }),
    trove: TroveSettings,
    atlas: AtlasSettings,
    log: Type.Object({ level: oneOf('least important lines that are logged', LOG_LEVELS, { default: 'info' }) }),
  },
  { additionalProperties: false },
)

type Plain = Static<typeof SettingsSchema>

/** How this Rolecall runs, every value decided. Paths are absolute. */
export interface Settings extends Omit<Plain, 'store' | 'masterKey' | 'tls'> {
  readonly store?: Secret
  readonly masterKey?: Secret
  /** Both files, or HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string }
}

/** Where the store is and what opens it; `serve`: as the process that serves from it. */
export function storeOptions({ store, data, masterKey }: Settings, serve: boolean) {
  const env = { ROLECALL_MASTER_KEY: masterKey?.reveal() }
  return { url: store?.reveal(), folder: data, masterKey: { folder: data, env }, serve }
}

/** Where the store's PostgreSQL listens, as `pg` reads its address; undefined for a file, or a socket of this machine. */
export function storeEndpoint({ store }: Settings): HostPort | undefined {
  if (!store) return undefined
  const { hostname, port, searchParams } = new URL(store.reveal())
  const host = searchParams.get('host') ?? decodeURIComponent(hostname || (process.env.PGHOST ?? 'localhost'))
  if (host.startsWith('/')) return undefined
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(searchParams.get('port') ?? (port || 5432)) }
}

/** One setting under its three names. */
export interface SettingName {
  /** `limits.bodyBytes`: its key in rolecall.yaml. */
  readonly key: string
  /** `--limits-body-bytes`; undefined for what must not stand in a process list. */
  readonly flag?: string
  /** `ROLECALL_LIMITS_BODY_BYTES`. */
  readonly variable: string
  readonly inFile: boolean
  /** What counts where nobody says anything, to be shown. */
  readonly usual: unknown
  readonly schema: Shape
}

/** What the loader reads of a value's schema. */
export type Shape = TSchema & {
  readonly type?: string
  readonly description?: string
  readonly right?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly form?: 'networks' | 'reach' | 'hosts' | 'ports' | 'url' | 'store'
  readonly from?: 'start' | 'variable'
}

export const SETTINGS: readonly SettingName[] = namesIn(SettingsSchema)

function namesIn(schema: TSchema, above: readonly string[] = []): SettingName[] {
  const properties = (schema as { properties?: Record<string, TSchema> }).properties
  if (!properties) return [nameOf(above, schema as Shape)]
  return Object.entries(properties).flatMap(([key, one]) => namesIn(one, [...above, key]))
}

function nameOf(path: readonly string[], schema: Shape): SettingName {
  const words = path.flatMap(part => part.split(/(?=[A-Z])/)).map(word => word.toLowerCase())
  return {
    key: path.join('.'),
    flag: schema.from === 'variable' ? undefined : `--${words.join('-')}`,
    variable: `ROLECALL_${words.join('_').toUpperCase()}`,
    inFile: schema.from === undefined,
    // Policy has levels: what is not said here must stay unsaid, and is built in elsewhere.
    usual: path[0] === 'policy' ? BUILT_IN_POLICY[path[1] as keyof Policy] : schema.default,
    schema,
  }
}
