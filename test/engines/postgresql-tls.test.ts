import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Tls } from '../../src/domain/servers/connection.ts'
import type { Spares, Target } from '../../src/engines/engine.ts'
import { postgresql } from '../../src/engines/postgresql/index.ts'
import { createSpareLinks } from '../../src/services/links/spare-links.ts'
import { anAuthority } from '../support/postgresql/certificates.ts'
import { type Cluster, give, type RunningCluster, startCluster } from '../support/postgresql/cluster.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { sqlOn } from '../support/postgresql/workbench.ts'
import { ownPostgresql, serverOf, targetOf } from '../support/servers.ts'

onPostgresql([18], 'a protected link to PostgreSQL %d', major => {
  const authority = anAuthority('Rolecall test authority')
  const stranger = anAuthority('Somebody else')
  const engine = postgresql()
  let cluster: Cluster
  let server: RunningCluster

  beforeAll(async () => {
    cluster = await ownPostgresql(major, [
      'ssl = on',
      "ssl_cert_file = 'server.pem'",
      "ssl_key_file = 'server.key'",
      "ssl_ca_file = 'ca.pem'",
    ])
    const data = join(cluster.folder, 'data')
    const own = authority.issue('db.example.test', ['DNS:db.example.test'])
    write(join(data, 'server.pem'), own.certificate)
    write(join(data, 'server.key'), own.key)
    write(join(data, 'ca.pem'), authority.certificate)
    // `byname` needs a certificate, everybody else may use one or a password; `plainly` gets in without TLS.
    const rules = [
      'hostnossl all plainly all scram-sha-256',
      'hostssl all byname all cert',
      'hostssl all all all scram-sha-256',
    ]
    write(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
    server = await startCluster(cluster)
    await using admin = await open({ mode: 'require' })
    for (const name of ['byname', 'plainly', 'caller']) await admin.run(makeLogin(name))
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    rmSync(dirname(cluster.folder), { recursive: true })
  })

  const write = (path: string, text: string) => {
    writeFileSync(path, text)
    chmodSync(path, 0o600)
    give(path)
  }
  const makeLogin = (name: string) => ({
    why: 'for this test',
    statements: [{ shown: `create role ${name} superuser login password 'pw-of-${name}'` }],
  })
  const open = (tls: Tls, change: Partial<Target> = {}, spares?: Spares) => {
    const target = targetOf(serverOf(cluster), { tls, ...change })
    return engine.open(
      target,
      { installation: 'c0ffee00', operation: 'op_TLS', attempt: 1 },
      AbortSignal.timeout(10_000),
      spares,
    )
  }
  const byName = { hosts: [{ host: 'db.example.test', port: 0 }], resolve: async () => ['127.0.0.1'] }
  const named = (host = 'db.example.test') => ({ ...byName, hosts: [{ host, port: cluster.port }] })
  const ca = authority.certificate

  test('is encrypted, whoever answers, where that is all that was asked', async () => {
    await using link = await open({ mode: 'require' })
    const [session] = await link
      .listSessions({ name: 'postgres' })
      .then(all => all.filter(one => one.application?.includes('op_TLS')))
    const rows = await look(`select ssl from pg_stat_ssl where pid = ${session!.id}`)
    expect(rows).toEqual([{ ssl: true }])
  })

  const look = (text: string) => sqlOn(serverOf(cluster), text, { as: 'plainly' })

  test('trusts a certificate of its authority, and checks the name when asked to', async () => {
    await using byCa = await open({ mode: 'verify-ca', ca })
    await using full = await open({ mode: 'verify-full', ca }, named())
    await using renamed = await open({ mode: 'verify-full', ca, serverName: 'db.example.test' })
    expect([byCa, full, renamed].map(link => link.server.readOnly)).toEqual([false, false, false])
  })

  test('is refused under another name, or another authority', async () => {
    const untrusted = { details: { reason: 'certificate' } }
    await expect(open({ mode: 'verify-full', ca })).rejects.toMatchObject(untrusted)
    await expect(open({ mode: 'verify-full', ca }, named('other.example.test'))).rejects.toMatchObject(untrusted)
    await expect(open({ mode: 'verify-ca', ca: stranger.certificate })).rejects.toMatchObject(untrusted)
    await expect(open({ mode: 'verify-ca' })).rejects.toMatchObject(untrusted)
  })

  test('goes on over a spare that was checked just so, and over no other', async () => {
    await using links = createSpareLinks(() => 1)
    const pidOver = async (tls: Tls) => {
      await using link = await open(tls, {}, links.of('one'))
      const sessions = await link.listSessions({ name: 'postgres' })
      return sessions.find(({ application }) => application?.includes('op_TLS'))?.id
    }
    const full: Tls = { mode: 'verify-full', ca, serverName: 'db.example.test' }
    const first = await pidOver({ mode: 'verify-ca', ca, serverName: 'db.example.test' })
    const second = await pidOver(full)
    expect(second).not.toBe(first)
    expect(await pidOver(full)).toBe(second)
    const other: Tls = { ...full, serverName: 'other.example.test' }
    await expect(pidOver(other)).rejects.toMatchObject({ details: { reason: 'certificate' } })
  })

  test('may show a certificate instead of a password', async () => {
    const own = authority.issue('byname')
    const tls: Tls = { mode: 'verify-ca', ca, clientCertificate: own.certificate, clientKey: new Secret(own.key) }
    await using link = await open(tls, { username: 'byname', password: undefined })
    expect(link.server.readOnly).toBe(false)
    const foreign = stranger.issue('byname')
    const wrong: Tls = { ...tls, clientCertificate: foreign.certificate, clientKey: new Secret(foreign.key) }
    await expect(open(wrong, { username: 'byname' })).rejects.toMatchObject({ name: 'Fault' })
    await expect(open({ mode: 'verify-ca', ca }, { username: 'byname' })).rejects.toMatchObject({
      details: { reason: 'password' },
    })
  })

  test('is never given up for a plain one', async () => {
    const plain = await ownPostgresql(major)
    await using running = await startCluster(plain)
    const target = targetOf(serverOf(running), { tls: { mode: 'require' } })
    const session = { installation: 'c0ffee00', operation: 'op_TLS', attempt: 1 }
    const refused = engine.open(target, session, AbortSignal.timeout(5_000))
    await expect(refused).rejects.toMatchObject({ code: 'unavailable', details: { reason: 'tls' } })
    expect(readFileSync(plain.log, 'utf8')).not.toContain('connection authorized: user=postgres')
    rmSync(dirname(plain.folder), { recursive: true })
  })

  test('cancels what runs over it when its deadline passes', async () => {
    await using link = await open({ mode: 'verify-full', ca }, { ...named(), statementTimeoutMs: 500 })
    const slow = {
      why: 'sleep',
      statements: [{ shown: 'set statement_timeout = 0' }, { shown: 'select pg_sleep(60)' }],
    }
    await expect(link.run(slow)).rejects.toMatchObject({ code: 'timeout' })
    const running = () =>
      look(
        `select from pg_stat_activity where state = 'active' and query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`,
      )
    await expect.poll(running).toEqual([])
  })

  test('does not show a login the managing certificate', async () => {
    const own = authority.issue('byname')
    const tls: Tls = { mode: 'verify-ca', ca, clientCertificate: own.certificate, clientKey: new Secret(own.key) }
    const target = targetOf(serverOf(cluster), { tls })
    const signal = AbortSignal.timeout(5_000)
    expect(await engine.canLogIn(target, { name: 'caller' }, new Secret('pw-of-caller'), signal)).toBe(true)
    expect(await engine.canLogIn(target, { name: 'caller' }, new Secret('wrong'), signal)).toBe(false)
  })

  test('that pg_hba.conf does not let in is no word on the password', async () => {
    const target = targetOf(serverOf(cluster))
    const asked = engine.canLogIn(target, { name: 'caller' }, new Secret('pw-of-caller'), AbortSignal.timeout(5_000))
    await expect(asked).rejects.toMatchObject({ name: 'Fault' })
  })
})
