import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { aCreate, aMark, planned } from '../support/changes.ts'
import { onMysqlFamily, type Workbench } from '../support/mariadb/workbench.ts'
import { seedOf } from '../support/random.ts'
import { hostileText as anyText } from './ground.ts'

/** As many as the other hostile names; `npm run test:hostile` asks for more. */
const CASES = Number(process.env.ROLECALL_HOSTILE_CASES ?? 500)
const LONG = 3_600_000

const CLASSICS = [
  ...[
    "x'@'%' identified by 'y'; -- ",
    "\\' or 1=1 -- ",
    '`',
    '``; drop table mysql.user; #',
    "x'/*!50000 or 1=1 */",
    "''",
    '\\',
    '\\%',
    '\\_',
  ],
  ...[
    '%',
    '_',
    'a_b',
    'a%b',
    '@',
    'a@b',
    '@@version',
    '?',
    ':name',
    '#',
    '-- ',
    '/*',

    'mysql.sys',
    '10.%',
    '::1',
    '127.0.0.1/255.0.0.0',
  ],
]
const hostileText = fc.oneof(fc.constantFrom(...CLASSICS), anyText)

onMysqlFamily('hostile names', bench => {
  const forAll = <T>(what: string, share: number, values: fc.Arbitrary<T>, holds: (value: T) => Promise<void>) =>
    fc.assert(fc.asyncProperty(values, holds), { numRuns: Math.ceil(CASES * share), seed: seedOf(what) })

  /** Plans, and runs; false where that is refused in words. */
  async function done({ engine, client }: Workbench, change: Parameters<typeof planned>[2]): Promise<boolean> {
    const { steps, refusals } = await planned(engine, client, change, aMark())
    if (refusals.length > 0) {
      expect(['invalid', 'exists']).toContain(refusals[0]!.code)
      return false
    }
    for (const step of steps) await client.run(step)
    return true
  }

  test(
    'a login of any name is made, found, opened, reset, locked and dropped under that very name, or refused',
    () =>
      forAll('mysql names', 0.2, hostileText, async name => {
        const { client, sql, logsIn } = bench()
        if (!(await done(bench(), aCreate(name, { password: name })))) return
        expect(await client.findUser({ name })).toMatchObject({ name, host: '%', locked: false })
        expect(await sql('select Super_priv as super from mysql.user where User = ? and Host = "%"', name)).toEqual([
          { super: 'N' },
        ])
        expect(await logsIn({ name }, name)).toBe(true)
        await done(bench(), { kind: 'reset-user', key: { name }, password: new Secret(`${name}'"\\`) })
        expect(await logsIn({ name }, `${name}'"\\`)).toBe(true)
        const { items } = await client.listUsers({ limit: 1_000, q: name })
        expect(items.map(one => one.name)).toContain(name)
        await done(bench(), { kind: 'lock-user', key: { name } })
        expect(await logsIn({ name }, `${name}'"\\`)).toBe(false)
        await done(bench(), { kind: 'drop-user', key: { name }, onOwned: 'refuse' })
        expect(await client.findUser({ name })).toBeUndefined()
      }),
    LONG,
  )

  test(
    'a host of any text is the one that it is, or refused',
    () =>
      forAll('mysql hosts', 0.1, hostileText, async host => {
        const key = { name: 'hostile_host', host }
        if (!(await done(bench(), aCreate(key.name, { host })))) return
        expect(await bench().client.findUser(key)).toMatchObject({ name: key.name })
        await done(bench(), { kind: 'drop-user', key, onOwned: 'refuse' })
        expect(await bench().sql("select User from mysql.user where User = 'hostile_host'")).toEqual([])
      }),
    LONG,
  )

  test(
    'a database of any name is made, found, granted on and dropped under that very name, or refused',
    () =>
      forAll('mysql databases', 0.1, hostileText, async name => {
        const { client, sql } = bench()
        if (!(await done(bench(), { kind: 'create-database', database: { name } }))) return
        expect(await client.findDatabase(name)).toMatchObject({ name })
        const key = { name: 'hostile_reader' }
        await done(bench(), aCreate(key.name, { grants: [{ role: 'read', database: name }] }))
        expect((await client.findUser(key))?.grants).toEqual([{ role: 'read', database: name, by: 'catalogue' }])
        await done(bench(), { kind: 'drop-database', name, force: false })
        expect(await sql("select Db from mysql.db where User = 'hostile_reader'")).toEqual([])
        await done(bench(), { kind: 'drop-user', key, onOwned: 'refuse' })
      }),
    LONG,
  )
})
