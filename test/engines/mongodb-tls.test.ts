import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Tls } from '../../src/domain/servers/connection.ts'
import { mongodb } from '../../src/engines/mongodb/index.ts'
import { INSTALLATION } from '../support/changes.ts'
import { ADMIN, ADMIN_PASSWORD, type RunningInstance, startInstance } from '../support/mongodb/instance.ts'
import { anAuthority } from '../support/postgresql/certificates.ts'
import { mongodbServers } from '../support/servers.ts'

describe.skipIf(mongodbServers().length === 0)('a protected link to SecantusDB', () => {
  const engine = mongodb()
  const authority = anAuthority('Rolecall test authority')
  const stranger = anAuthority('Somebody else')
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-own-mongodb-'))
  let server: RunningInstance

  beforeAll(async () => {
    const own = authority.issue('db.example.test', ['DNS:db.example.test'])
    const [certificate, key] = [join(folder, 'server.pem'), join(folder, 'server.key')]
    writeFileSync(certificate, own.certificate)
    writeFileSync(key, own.key, { mode: 0o600 })
    server = await startInstance(folder, ['--tls-cert-file', certificate, '--tls-key-file', key])
  }, 300_000)

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  async function reach(tls: Tls, host = 'db.example.test') {
    const target = {
      hosts: [{ host, port: server.port }],
      database: 'admin',
      username: ADMIN,
      password: new Secret(ADMIN_PASSWORD),
      tls,
      connectTimeoutMs: 5_000,
      statementTimeoutMs: 5_000,
      resolve: async () => ['127.0.0.1'],
    }
    const session = { installation: INSTALLATION, operation: 'op_TLS', attempt: 1 }
    await using link = await engine.open(target, session, AbortSignal.timeout(20_000))
    return link.login?.name
  }

  const ca = authority.certificate

  test.each<[string, Tls, string?]>([
    ['with the name that its connection has', { mode: 'verify-full', ca }],
    [
      'with the name that it is told to look for',
      { mode: 'verify-full', ca, serverName: 'db.example.test' },
      'other.test',
    ],
    ['of the authority, whatever its name', { mode: 'verify-ca', ca }, 'other.test'],
    ['of anybody, where that is asked for', { mode: 'require' }, 'other.test'],
  ])('is made to a server with a certificate %s', async (_, tls, host) => {
    expect(await reach(tls, host)).toBe(ADMIN)
  })

  test.each<[string, Tls, string?]>([
    ['of another name', { mode: 'verify-full', ca }, 'other.test'],
    ['of another authority', { mode: 'verify-full', ca: stranger.certificate }],
    ['of another authority, where names are not looked at', { mode: 'verify-ca', ca: stranger.certificate }],
    ['of an authority that nobody knows', { mode: 'verify-full' }],
  ])('is refused to a server with a certificate %s', async (_, tls, host) => {
    await expect(reach(tls, host)).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'certificate' } })
  })

  test('is not gone without where the server asks for it', async () => {
    await expect(reach({ mode: 'disable' })).rejects.toMatchObject({ code: 'unavailable' })
  })
})
