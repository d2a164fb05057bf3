import { Type } from 'typebox'
import { number, reserved, text, yesNo } from './values.ts'

const aMinute = (what: string) =>
  number(`${what} a minute and key by the Trove API, of each HTTP method; 0 means no limit`, 0, 1_000_000, 0)

const aPageOf = (what: string) => number(`${what} in a page of the Trove API at most`, 1, 1000, 20)

/** What the Trove / Rackspace API leaves to whoever runs it. Built in is what its published form has. */
export const TroveSettings = Type.Object({
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
