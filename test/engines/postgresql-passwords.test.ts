import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { preparedPassword } from '../../src/engines/postgresql/users/saslprep.ts'
import { scramVerifier } from '../../src/engines/postgresql/users/scram.ts'
import { aCreate } from '../support/changes.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, sqlOn, type Workbench } from '../support/postgresql/workbench.ts'

test('a verifier is what PostgreSQL makes of the same password and salt', async () => {
  // RFC 7677 §3: its user's password and salt, and the signatures that follow from them.
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
  const verifier = (await scramVerifier(new Secret('pencil'), salt)).reveal()
  expect(verifier).toBe(
    'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
  )
})

test('two verifiers of one password differ', async () => {
  const [one, other] = [await scramVerifier(new Secret('x')), await scramVerifier(new Secret('x'))]
  expect(one.reveal()).not.toBe(other.reveal())
})

describe('a password is prepared as RFC 4013 says', () => {
  test.each([
    ['I\u00adX', 'IX', 'soft hyphens go'],
    ['user', 'user', 'nothing to do'],
    ['\u00aa', 'a', 'compatibility forms are resolved'],
    ['\u2168', 'IX', 'as here'],
    ['a\u00a0b', 'a b', 'other spaces are spaces'],
    ['\u0007', '\u0007', 'ASCII is left alone, whatever it is'],
    ['ﬁ\u0007', 'ﬁ\u0007', 'a prohibited character: as it is'],
    ['ﬁ😀', 'ﬁ😀', 'a character younger than Unicode 3.2: as it is'],
    ['\u0627\u0031', '\u0627\u0031', 'right to left, but not to its end: as it is'],
    ['\u0627a\u0627', '\u0627a\u0627', 'both directions: as it is'],
    ['\u00ad', '\u00ad', 'nothing would be left: as it is'],
    ['', '', 'empty'],
  ])('%j becomes %j: %s', (text, prepared) => {
    expect(preparedPassword(text)).toBe(prepared)
  })

  test('and twice is once', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        text => preparedPassword(preparedPassword(text)) === preparedPassword(text),
      ),
    )
  })
})

onPostgresql([13, 18], 'passwords on PostgreSQL %d', major => {
  const prefix = `passwords_${process.pid}_`
  let bench: Workbench
  beforeAll(async () => {
    bench = await aWorkbench(major)
  })
  afterAll(async () => {
    await bench[Symbol.asyncDispose]()
  })

  test.each(['plain', 'sp ace', 'quote\'"$$\\', 'ünïcödé', '\u2168 ﬁ', 'emoji 😀', '日本語', `${'x'.repeat(300)}`])(
    'the server takes %j for ours and for its own alike',
    async password => {
      const key = { name: `${prefix}${Buffer.from(password).toString('hex').slice(0, 30)}` }
      await bench.run(aCreate(key.name, { password }))
      const own = `${key.name}_own`
      await bench.sql(`create role "${own}" login password ${pg.escapeLiteral(password)}`)
      for (const name of [key.name, own]) {
        expect(
          await bench.engine.canLogIn(bench.target, { name }, new Secret(password), AbortSignal.timeout(5_000)),
        ).toBe(true)
      }
      await bench.run({ kind: 'drop-user', key, onOwned: 'refuse' })
      await bench.sql(`drop role "${own}"`)
    },
  )

  test('reach a server that prefers MD5 as SCRAM verifiers all the same', async () => {
    const name = `${prefix}md5`
    await bench.sql(`alter role "${bench.server.username}" set password_encryption = 'md5'`)
    try {
      await bench.run(aCreate(name))
    } finally {
      await bench.sql(`alter role "${bench.server.username}" reset password_encryption`)
    }
    const [row] = await bench.sql(`select rolpassword from pg_authid where rolname = '${name}'`)
    expect(row?.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/)
    await bench.run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })

  test('are in no log of the server, and in no view of what it runs', async () => {
    const key = { name: `${prefix}logged` }
    await bench.run(aCreate(key.name, { password: 'created-and-never-logged' }))
    await bench.run({ kind: 'reset-user', key, password: new Secret('reset-and-never-logged') })
    await bench.engine.canLogIn(bench.target, key, new Secret('reset-and-never-logged'), AbortSignal.timeout(5_000))
    await bench.run({ kind: 'drop-user', key, onOwned: 'refuse' })
    if (bench.server.log === undefined) return
    const log = readFileSync(bench.server.log, 'utf8')
    expect(log).toContain(key.name)
    expect(log).not.toContain('never-logged')
  })

  test('that are not there are flagged, where that can be known', async () => {
    await bench.sql(`create role "${prefix}none" login; create role "${prefix}some" login password 'x'`)
    expect((await bench.client.findUser({ name: `${prefix}none` }))?.flags).toEqual(['no-password'])
    expect((await bench.client.findUser({ name: `${prefix}some` }))?.flags).toEqual([])
    await sqlOn(bench.server, `drop role "${prefix}none"; drop role "${prefix}some"`)
  })

  test('that end are told with their date', async () => {
    await bench.sql(`create role "${prefix}until" login valid until '2031-02-03 04:05:06+00'`)
    const found = await bench.client.findUser({ name: `${prefix}until` })
    expect(found?.passwordUntil).toBe(Date.UTC(2031, 1, 3, 4, 5, 6))
    await bench.sql(`alter role "${prefix}until" valid until 'infinity'`)
    expect((await bench.client.findUser({ name: `${prefix}until` }))?.passwordUntil).toBeUndefined()
    await bench.sql(`drop role "${prefix}until"`)
  })
})
