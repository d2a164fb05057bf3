import { describe, expect, test } from 'vitest'
import { fromAuthPlugin, fromSettings, type Telling } from '../../../src/dialects/digitalocean/wire/users/options.ts'
import { tellingOfNew } from '../../../src/dialects/digitalocean/wire/users/users.ts'
import { mysql } from '../../../src/engines/mysql/index.ts'
import { postgresql } from '../../../src/engines/postgresql/index.ts'
import type { UserShown } from '../../../src/services/users/user-view.ts'

// What is told of a user's options: clients take more, or less, than they asked for as a change to be made.

const ofMysql = mysql().about.capabilities
const ofPostgresql = postgresql().about.capabilities

describe('trap 10: a plugin is told', () => {
  const shown = (authPlugin?: string, asked: object = {}) =>
    ({ user: { settings: { authPlugin } }, record: { asked } }) as unknown as UserShown
  const asking = (authPlugin: string) => ({ digitalocean: { authPlugin } })

  test.each([
    ['caching_sha2_password', {}, true],
    ['caching_sha2_password', asking('mysql_native_password'), true],
    ['mysql_native_password', asking('mysql_native_password'), true],
    ['mysql_native_password', {}, false],
    ['mysql_native_password', asking('caching_sha2_password'), false],
    ['sha256_password', {}, false],
    ['unix_socket', {}, false],
    [undefined, {}, false],
  ])('%s, with %j asked for: %s', (plugin, asked, isTold) => {
    expect(fromAuthPlugin(shown(plugin, asked), ofMysql)).toEqual(isTold ? { auth_plugin: plugin } : undefined)
  })

  test('of a login that nobody has a record of, where it is no default', () => {
    const bare = { user: { settings: { authPlugin: 'caching_sha2_password' } } } as unknown as UserShown
    expect(fromAuthPlugin(bare, ofMysql)).toEqual({ auth_plugin: 'caching_sha2_password' })
  })

  test('never of an engine that has none', () => {
    expect(fromAuthPlugin(shown('caching_sha2_password'), ofPostgresql)).toBeUndefined()
  })
})

describe('trap 10: settings are told', () => {
  const telling = { get: 'unusual', put: 'always' } as const
  const told = (replication: boolean | undefined, when: Telling) =>
    fromSettings({ settings: { replication } } as UserShown['user'], ofPostgresql, when)

  test.each([
    ['an add without settings', tellingOfNew({}), false, undefined],
    ['an add with empty settings', tellingOfNew({ settings: {} }), false, undefined],
    ['an add with some', tellingOfNew({ settings: { pg_allow_replication: false } }), false, false],
    ['an add with some', tellingOfNew({ settings: { pg_allow_replication: true } }), true, true],
    ['a get', telling.get, false, undefined],
    ['a get', telling.get, true, true],
    ['an update', telling.put, false, false],
    ['an update', telling.put, true, true],
  ] as const)('by %s (%s) where the server says %s: %s', (_, when, replication, wanted) => {
    expect(told(replication, when)).toEqual(wanted === undefined ? undefined : { pg_allow_replication: wanted })
  })

  test('never of an engine that has none', () => {
    expect(fromSettings({ settings: {} } as UserShown['user'], ofMysql, 'always')).toBeUndefined()
  })
})
