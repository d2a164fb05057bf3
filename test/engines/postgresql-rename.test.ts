import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import type { Change } from '../../src/domain/users/change.ts'
import { aCreate } from '../support/changes.ts'
import { onPostgresql } from '../support/postgresql/on-postgresql.ts'
import { aWorkbench, type Workbench } from '../support/postgresql/workbench.ts'

onPostgresql([13, 18], 'renaming a login on PostgreSQL %d', major => {
  const prefix = `rename_${process.pid}_`
  let bench: Workbench
  beforeAll(async () => {
    bench = await aWorkbench(major)
    await bench.run({ kind: 'create-database', database: { name: `${prefix}db` } })
  })
  afterAll(async () => {
    await bench.run({ kind: 'drop-database', name: `${prefix}db`, force: true })
    await bench[Symbol.asyncDispose]()
  })

  const opens = (name: string, password: string) =>
    bench.engine.canLogIn(bench.target, { name }, new Secret(password), AbortSignal.timeout(10_000))
  const rename = (from: string, to: string, password?: string): Change => ({
    kind: 'rename-user',
    key: { name: from },
    to: { name: to },
    password: password === undefined ? undefined : new Secret(password),
  })

  test('keeps its password, its grants and its comment', async () => {
    const [from, to] = [`${prefix}old`, `${prefix}new`]
    const grants = [{ role: 'readwrite', database: `${prefix}db` }] as const
    await bench.run(aCreate(from, { grants, password: 'kept password' }))
    const before = (await bench.client.findUser({ name: from }))!
    await bench.crash(rename(from, to))
    const after = (await bench.client.findUser({ name: to }))!
    expect(await bench.client.findUser({ name: from })).toBeUndefined()
    expect(after).toMatchObject({ incarnation: before.incarnation, grants: before.grants })
    expect(await opens(to, 'kept password')).toBe(true)
    await bench.run({ kind: 'drop-user', key: { name: to }, onOwned: 'refuse' })
  })

  test('may set a new password in the same transaction', async () => {
    const [from, to] = [`${prefix}old`, `${prefix}new`]
    await bench.run(aCreate(from, { password: 'first password' }))
    await bench.run(rename(from, to, 'second password'))
    expect([await opens(to, 'first password'), await opens(to, 'second password')]).toEqual([false, true])
    await bench.run({ kind: 'drop-user', key: { name: to }, onOwned: 'refuse' })
  })

  test('is refused onto a name that is taken or reserved, and of a login that is not there', async () => {
    const [from, to] = [`${prefix}old`, `${prefix}new`]
    await bench.run(aCreate(from))
    await bench.run(aCreate(to))
    expect((await bench.plan(rename(from, to))).refusals).toMatchObject([{ code: 'exists', subject: 'user' }])
    expect((await bench.plan(rename(from, 'pg_x'))).refusals).toMatchObject([{ code: 'invalid' }])
    expect((await bench.plan(rename(`${prefix}none`, `${prefix}x`))).refusals).toMatchObject([{ code: 'not_found' }])
    for (const name of [from, to]) await bench.run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })

  test('is refused where the server would clear the password without a word', async () => {
    const name = `${prefix}md5`
    const hash = `md5${'0'.repeat(32)}`
    await bench.sql(`create role "${name}" login password '${hash}'`)
    const { refusals } = await bench.plan(rename(name, `${prefix}x`))
    expect(refusals).toMatchObject([{ code: 'refused', message: expect.stringContaining('MD5') }])
    expect((await bench.plan(rename(name, `${prefix}x`, 'a new password'))).refusals).toEqual([])
    await bench.sql(`drop role "${name}"`)
  })
})
