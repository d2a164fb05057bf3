import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { aFolder, rolecall } from './rolecall.ts'
import { command } from './served-store.ts'

// Real processes, many in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000 })

describe('no message tells the address of the store, its password or a master key', () => {
  const password = 'hunter2-very-secret'
  test.each([
    `postgres://ada:${password}@127.0.0.1:1/orders`,
    `postgres://ada:${password}@no-such-host.invalid/orders`,
    `postgres://ada:${password}%zz@127.0.0.1:1/orders`,
    `postgres://ada:${password}#x@127.0.0.1:1/orders`,
    `postgres://ada:12/${password}@127.0.0.1:1/orders`,
    `postgres://ada/${password}@127.0.0.1:1/orders`,
    `postgres://127.0.0.1:1/orders?password=${password}&sslrootcert=/nowhere/${password}`,
    `mysql://ada:${password}@127.0.0.1:1/orders`,
    `ada:${password}@127.0.0.1`,
  ])('%s', async store => {
    const data = aFolder()
    const commands = [
      { args: ['keys', 'list', '--data', data], env: { ROLECALL_STORE: store } },
      { args: ['backup', join(data, 'file'), '--data', data, '--store', store] },
      { args: ['store', 'copy', '--from', store, '--to', data] },
    ]
    const { args, env } = commands[store.length % 3]!
    const { code, out, err } = await rolecall(args, { env }).ended()
    expect(code).not.toBe(0)
    expect(out + err).not.toContain(password)
    expect(err).not.toContain('    at ')
  })

  test('a master key that is none', async () => {
    const key = `${randomBytes(31).toString('base64')}!`
    const data = aFolder()
    for (const args of [
      ['serve', '--port', '0'],
      ['master-key', 'rotate'],
    ]) {
      const { code, out, err } = await rolecall([...args, '--data', data], {
        env: { ROLECALL_MASTER_KEY: key },
      }).ended()
      expect(code).not.toBe(0)
      expect(out + err).not.toContain(key)
    }
  })
})

test.each([
  [['backup'], EXIT.usage, "missing required argument 'file'"],
  [['restore', 'nowhere.backup'], EXIT.refused, 'There is no file'],
  [['store', 'copy', '--from', 'nowhere', '--to', 'elsewhere'], EXIT.refused, 'There is no Rolecall in'],
  [['store', 'copy', '--from', 'env:NOT_SET', '--to', 'elsewhere'], EXIT.usage, 'NOT_SET is not set'],
  [['master-key', 'rotate'], EXIT.refused, 'There is no Rolecall in'],
] as const)('%j is refused in words', async (args, exit, words) => {
  const { code, err } = await rolecall(args).ended()
  expect([code, err]).toEqual([exit, expect.stringContaining(words)])
})

test('a restore that may mean a folder or a PostgreSQL asks which', async () => {
  const where = { data: aFolder(), store: 'postgres://ada@127.0.0.1:1/orders' }
  const { code, err } = await command(where, 'restore', 'any.backup')
  expect([code, err]).toEqual([EXIT.usage, expect.stringContaining('unset ROLECALL_STORE')])
})
