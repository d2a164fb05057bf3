import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { postgresqlServer } from '../support/servers.ts'
import { aFolder } from './rolecall.ts'
import { aPlace, ask, command, connect, json, serve, testOf, writing } from './served-store.ts'

// Real processes, many in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000 })

describe.each([['SQLite'], ['PostgreSQL']])('a store on %s', kind => {
  test('gets another master key while a server runs: its keys and passwords go on, before and after a restart', async () => {
    const where = await aPlace(kind)
    const server = await serve(where)
    const connection = await connect(server)
    const writer = writing(server)
    const backup = join(where.data, 'old.backup')
    await json(where, 'backup', backup)
    const old = readFileSync(join(where.data, 'master.key'), 'utf8')
    const rotated = await json(where, 'master-key', 'rotate')
    expect(await json(where, 'master-key', 'show')).toEqual({
      ring: rotated.ring,
      wrappedBy: [rotated.now],
      opens: true,
    })
    expect(await testOf(server, connection)).toBe('SUCCESS')
    await writer.stop()
    await server.stop()
    const again = await serve(where, server.key)
    expect(await testOf(again, connection)).toBe('SUCCESS')
    await again.stop()
    const restored = { data: aFolder() }
    await command(restored, 'restore', backup)
    copyFileSync(join(where.data, 'master.key'), join(restored.data, 'master.key'))
    const older = await serve(restored, server.key)
    expect(await testOf(older, connection)).toBe('SUCCESS')
    await older.stop()
    expect(readFileSync(join(where.data, 'master.key'), 'utf8')).toContain(old.trim())
  })

  test('is sealed anew once its server is stopped: keys and passwords go on', async () => {
    const where = await aPlace(kind)
    const server = await serve(where)
    const connection = await connect(server)
    const early = await command(where, 'master-key', 'reseal')
    expect([early.code, early.err]).toEqual([EXIT.folderHeld, expect.any(String)])
    await server.stop()
    const resealed = await json(where, 'master-key', 'reseal')
    // The password of the connection, and what HTTP Digest needs of the key.
    expect(resealed).toMatchObject({ resealed: 3, unreadable: 0, dropped: [expect.any(String)] })
    const again = await serve(where, server.key)
    expect(await testOf(again, connection)).toBe('SUCCESS')
    await again.stop()
  })

  test('whose master key is lost says so, tells what is lost, and runs again when the passwords are typed anew', async () => {
    const where = await aPlace(kind)
    const server = await serve(where)
    const connection = await connect(server)
    rmSync(join(where.data, 'master.key'))
    const early = await command(where, 'master-key', 'reset', '--yes')
    expect([early.code, existsSync(join(where.data, 'master.key'))]).toEqual([EXIT.folderHeld, false])
    await server.stop()
    const start = await command(where, 'serve', '--port', '0')
    expect([start.code, start.err]).toEqual([EXIT.masterKeyMissing, expect.stringContaining('master-key reset')])
    expect(await json(where, 'master-key', 'reset')).toEqual({
      connections: ['orders'],
      apiKeys: 1,
      storedPasswords: 0,
      answers: 0,
      done: false,
    })
    expect((await command(where, 'serve', '--port', '0')).code).toBe(EXIT.masterKeyMissing)
    const { key } = await json(where, 'master-key', 'reset', '--yes')
    const again = await serve(where, key.private)
    expect((await ask({ ...again, key: server.key }, 'GET', '')).status).toBe(401)
    expect(await testOf(again, connection)).toBe('FAILURE')
    const { password } = await postgresqlServer()
    expect((await ask(again, 'PATCH', `/connections/${connection}`, { password })).status).toBe(200)
    expect(await testOf(again, connection)).toBe('SUCCESS')
    await again.stop()
  })
})
