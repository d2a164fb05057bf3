import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Problem } from '../../src/cli/exit-codes.ts'
import { type Flags, loadSettings, type Variables } from '../../src/cli/settings/load.ts'
import { SETTINGS } from '../../src/settings/names.ts'

const folder = () => mkdtempSync(join(tmpdir(), 'rolecall-settings-'))

function load({ flags = {}, variables = {}, yaml }: { flags?: Flags; variables?: Variables; yaml?: string } = {}) {
  const data = folder()
  if (yaml !== undefined) writeFileSync(join(data, 'rolecall.yaml'), yaml)
  return loadSettings({ '--data': data, ...flags }, {}, variables)
}

function problemOf(given: Parameters<typeof load>[0]): Problem {
  try {
    load(given)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('was accepted')
}

describe('where a setting comes from', () => {
  test('is built in where nobody says anything', () => {
    expect(loadSettings({}, {}, {})).toMatchObject({
      data: resolve('rolecall-data'),
      host: '127.0.0.1',
      port: 8480,
      store: undefined,
      tls: undefined,
      network: { allow: [], deny: [] },
      policy: {},
      limits: { bodyBytes: 65_536 },
      timeouts: { statementMs: 10_000, requestMs: 13_000 },
      log: { level: 'info' },
    })
  })

  const yaml = 'port: 1\nlimits: { bodyBytes: 2048 }'
  test.each([
    ['the file', {}, {}, 1],
    ['a variable before the file', {}, { ROLECALL_PORT: '2' }, 2],
    ['a flag before both', { '--port': '3' }, { ROLECALL_PORT: '2' }, 3],
    ['the file where the variable is empty', {}, { ROLECALL_PORT: '' }, 1],
  ])('is %s', (_words, flags, variables, port) => {
    expect(load({ flags, variables, yaml })).toMatchObject({ port, limits: { bodyBytes: 2048 } })
  })

  test('is the file that --config names', () => {
    const file = join(folder(), 'other.yaml')
    writeFileSync(file, 'publicUrl: https://roll.example\npolicy: { onOwned: "reassign:dba", closePublic: true }')
    const settings = load({ flags: { '--config': file }, yaml: 'port: 1' })
    expect(settings).toMatchObject({ port: 8480, publicUrl: 'https://roll.example' })
    expect(settings.policy).toEqual({ onOwned: 'reassign:dba', closePublic: true })
  })

  test('takes lists with commas from texts', () => {
    const { network } = load({
      flags: { '--network-allow': '127.0.0.0/8, ::1' },
      yaml: 'network: { deny: [10.0.0.0/8] }',
    })
    expect(network).toMatchObject({ allow: ['127.0.0.0/8', '::1'], deny: ['10.0.0.0/8'] })
  })

  test('never shows a secret', () => {
    const settings = load({ variables: { ROLECALL_STORE: 'postgres://a:geheim@db/x', ROLECALL_MASTER_KEY: 'geheim' } })
    expect(settings.store?.reveal()).toBe('postgres://a:geheim@db/x')
    expect(JSON.stringify(settings)).not.toContain('geheim')
  })
})

describe('a bad setting is named, with its source and what would be right', () => {
  test.each([
    [{ flags: { '--port': '99999' } }, 'Setting port is not right: 99999, from --port.', 'from 0 to 65535'],
    [
      { variables: { ROLECALL_PORT: 'http' } },
      'Setting port is not right: "http", from ROLECALL_PORT.',
      'whole number',
    ],
    [{ variables: { ROLECALL_PORT: 'tcp://10.0.0.1:8480' } }, 'from ROLECALL_PORT', 'enableServiceLinks'],
    [{ yaml: 'port: "8480"' }, 'Setting port is not right: "8480", from port in ', 'whole number'],
    [
      { yaml: 'limits:\n  bodyBytes: 1' },
      'Setting limits.bodyBytes is not right: 1, from limits.bodyBytes in ',
      'from 1024',
    ],
    [{ flags: { '--network-allow': '10.0.0.0/33' } }, 'Setting network.allow', 'such as 10.0.0.0/8'],
    [{ flags: { '--network-allow': '10.0.0.0:99999' } }, 'Setting network.allow', 'such as 127.0.0.1:5432'],
    [{ flags: { '--network-deny': '10.0.0.1:5432' } }, 'Setting network.deny', 'such as 10.0.0.0/8'],
    [{ flags: { '--network-ports': 'postgresql:70000' } }, 'Setting network.ports', 'or postgresql:5432'],
    [{ flags: { '--network-ports': 'oracel:1521' } }, 'Setting network.ports', 'or postgresql:5432'],
    [{ flags: { '--network-hosts': 'db.*.example.com' } }, 'Setting network.hosts', '*.db.example.com'],
    [{ flags: { '--network-deny-hosts': 'https://db' } }, 'Setting network.denyHosts', '*.internal'],
    [{ flags: { '--public-url': 'roll.example' } }, 'Setting publicUrl', 'https://'],
    [{ flags: { '--log-level': 'loud' } }, 'Setting log.level', 'one of fatal, error'],
    [{ yaml: 'atlas: { lateJoin: copy }' }, 'Setting atlas.lateJoin', 'one of sealed, ask'],
    [{ flags: { '--atlas-drift': 'undo' } }, 'Setting atlas.drift', 'one of report, revert, adopt'],
    [{ yaml: 'policy: { onOwned: keep }' }, 'Setting policy.onOwned', 'refuse, drop or reassign:NAME'],
    [{ yaml: 'policy: { closePublic: "yes" }' }, 'Setting policy.closePublic', 'true or false'],
    [{ flags: { '--trove-anonymous': 'PASSERBY' } }, 'Setting trove.anonymous', 'the public half of an API key'],
    [{ flags: { '--trove-http-basic': 'yes' } }, 'Setting trove.httpBasic', 'true or false'],
    [{ flags: { '--trove-root': 'no' } }, 'Setting trove.root', 'true or false'],
    [{ flags: { '--trove-collection-links': '1' } }, 'Setting trove.collectionLinks', 'true or false'],
    [{ flags: { '--trove-any-password': '1' } }, 'Setting trove.anyPassword', 'true or false'],
    [{ flags: { '--trove-name-limit': '256' } }, 'Setting trove.nameLimit', 'from 0 to 255'],
    [{ flags: { '--trove-hosts': 'ipv6,cidr' } }, 'Setting trove.hosts', 'netmask, ipv6 and names'],
    [{ yaml: 'trove: { reservedUsers: backup }' }, 'Setting trove.reservedUsers', 'beginnings of names'],
    [{ yaml: 'trove: { reservedDatabases: [""] }' }, 'Setting trove.reservedDatabases', 'beginnings of names'],
    [{ flags: { '--trove-page-users': '0' } }, 'Setting trove.page.users', 'from 1 to 1000'],
    [{ flags: { '--trove-page-databases': '1001' } }, 'Setting trove.page.databases', 'from 1 to 1000'],
    [{ flags: { '--trove-page-instances': '-1' } }, 'Setting trove.page.instances', 'from 1 to 1000'],
    [{ flags: { '--trove-rate-reads': '1000001' } }, 'Setting trove.rate.reads', 'from 0 to 1000000'],
    [{ flags: { '--trove-rate-user-writes': 'x' } }, 'Setting trove.rate.userWrites', 'from 0 to 1000000'],
    [{ flags: { '--trove-rate-writes': '1.5' } }, 'Setting trove.rate.writes', 'from 0 to 1000000'],
    [{ flags: { '--trove-rate-actions': '-5' } }, 'Setting trove.rate.actions', 'from 0 to 1000000'],
    [{ yaml: 'prot: 1' }, 'Setting prot in ', 'Did you mean port?'],
    [
      { yaml: 'limits: { linksPerInstanc: 1 }' },
      'Setting limits.linksPerInstanc in ',
      'Did you mean limits.linksPerInstance?',
    ],
    [{ yaml: 'colour: 1' }, 'Setting colour in ', 'rolecall serve --help tells all'],
    [{ yaml: 'network: 5' }, 'Setting network in ', 'network.allow, network.deny'],
    [{ yaml: 'limits: 5' }, 'Setting limits in ', 'limits.bodyBytes'],
    [{ yaml: 'port: *x' }, "can't be read", 'YAML'],
    [{ yaml: '', flags: { '--config': '/' } }, "can't be read", 'that is there'],
    [{ yaml: 'masterKey: x' }, "Setting masterKey can't stand in ", 'ROLECALL_MASTER_KEY'],
    [{ yaml: 'data: /x' }, "Setting data can't stand in ", '--data'],
    [{ yaml: 'a: [' }, "can't be read", 'YAML'],
    [{ yaml: '- a' }, 'holds no settings', 'port: 8480'],
    [{ flags: { '--config': '/nowhere/rolecall.yaml' } }, "can't be read", 'that is there'],
    [{ flags: { '--tls-cert': '/nowhere.pem', '--tls-key': '/nowhere.pem' } }, 'Setting tls.cert', 'can be read'],
    [{ flags: { '--tls-cert': import.meta.filename } }, 'Setting tls.key is missing', 'go together'],
    [{ flags: { '--tls-cert': import.meta.filename, '--tls-key': import.meta.filename } }, "don't fit", 'PEM'],
  ])('%j', (given, message, remedy) => {
    const problem = problemOf(given)
    expect(problem.exit).toBe('badSetting')
    expect(problem.message).toContain(message)
    expect(problem.remedy).toContain(remedy)
  })

  test.each([
    ['ends nowhere', 'store: "postgres://roll:geheim@db/x'],
    ['is an alias', 'store: *geheim'],
    ['is said twice', 'store: a\nstore: postgres://roll:geheim@db/x'],
    ['is no text', 'store: postgres://roll:geheim@db/x: y'],
    ['is a key', 'postgres://roll:geheim@db/x: store'],
  ])('but a secret in a line that %s is not shown', (_words, yaml) => {
    const { message, remedy } = problemOf({ yaml })
    expect(`${message} ${remedy}`).toMatch(/rolecall\.yaml/)
    expect(`${message} ${remedy}`).not.toContain('geheim')
  })

  test('and the line from which a file is no YAML is named', () => {
    expect(problemOf({ yaml: 'port: 1\nhost: "x' }).message).toMatch(/from line 2, column/)
  })

  test('but the password in a store address is not shown', () => {
    const { message } = problemOf({ variables: { ROLECALL_STORE: 'mysql://a:geheim@db/x' } })
    expect(message).toContain('ROLECALL_STORE')
    expect(message).not.toContain('geheim')
  })
})

test('every setting is described, and says what a right value is', () => {
  for (const { key, schema } of SETTINGS) {
    expect(schema.description, key).toBeTruthy()
    expect(schema.right, key).toBeTruthy()
  }
})
