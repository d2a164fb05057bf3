import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { aPassableFolder, call, postgresIn, demo as startDemo, stop } from './demos.ts'
import { aFolder, aTakenPort, rolecall } from './rolecall.ts'

// Real processes, a few in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

// The one that comes with the packages: what is true of it is true of the others, which have a file of their own.
const POSTGRESQL = ['--engines', 'postgresql']
const demo = (folder: string, more: readonly string[] = []) => startDemo(folder, [...POSTGRESQL, ...more])

describe('rolecall demo', () => {
  test('is ready with one line, keeps key and server, and Ctrl-C stops everything', async () => {
    const folder = aPassableFolder()
    const first = await demo(folder)
    expect(first.ready).toMatchObject({
      ready: true,
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      project: { id: expect.stringMatching(/^[0-9a-f]{24}$/), name: 'demo' },
      operator: { id: expect.stringMatching(/^[a-z0-9]{5,10}$/), username: 'demo' },
      instances: [{ slug: 'demo', engine: 'postgresql', host: '127.0.0.1', connection: expect.any(String) }],
    })
    expect(postgresIn(folder)).not.toEqual([])
    const { code, out } = await stop(first.run)
    expect(code).toBe(0)
    expect(out.trim().split('\n')).toHaveLength(1)
    expect(postgresIn(folder)).toEqual([])
    const second = await demo(folder)
    expect({ ...second.ready, url: '' }).toEqual({ ...first.ready, url: '' })
    expect((await call(second.ready, '')).status).toBe(200)
    expect((await stop(second.run, 'SIGTERM')).code).toBe(0)
  })

  test('lets a user that Rolecall has just made log in', async () => {
    const { run, ready } = await demo(aPassableFolder())
    const { id, port } = ready.instances[0]!
    const grants = [{ role: 'read', database: 'orders' }]
    const made = await call(ready, `/instances/${id}/users`, { name: 'ada', grants })
    expect(made.status).toBe(201)
    const { password } = (await made.json()) as { password: string }
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'ada', password, database: 'orders' })
    client.on('error', () => undefined)
    await client.connect()
    expect((await client.query('select count(*)::int as n from customers')).rows).toEqual([{ n: 3 }])
    await client.end()
    await stop(run)
  })

  test('recovers after kill -9, whether its PostgreSQL was killed too or left behind', async () => {
    const folder = aPassableFolder()
    const first = await demo(folder)
    await stop(first.run, 'SIGKILL')
    expect(postgresIn(folder)).not.toEqual([])
    const second = await demo(folder)
    expect(second.ready.key).toEqual(first.ready.key)
    await stop(second.run, 'SIGKILL')
    for (const pid of postgresIn(folder)) process.kill(pid, 'SIGKILL')
    const third = await demo(folder)
    expect(third.ready.instances).toEqual(first.ready.instances)
    await stop(third.run)
    expect(postgresIn(folder)).toEqual([])
  })

  test('is not afraid of a pid file whose number somebody else has by now', async () => {
    const folder = aPassableFolder()
    const first = await demo(folder)
    await stop(first.run)
    writeFileSync(join(folder, 'postgres', 'postmaster.pid'), `${process.pid}\n${join(folder, 'postgres')}\n`)
    const second = await demo(folder)
    await stop(second.run)
  })

  test('goes on in a folder of before there were two kinds of servers', async () => {
    const folder = aPassableFolder()
    const first = await demo(folder)
    await stop(first.run)
    const file = join(folder, 'demo.json')
    const { key, servers } = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...servers.postgresql, key }))
    const second = await demo(folder)
    expect({ ...second.ready, url: '' }).toEqual({ ...first.ready, url: '' })
    await stop(second.run)
  })

  test('begins anew with --fresh', async () => {
    const folder = aPassableFolder()
    const first = await demo(folder)
    await stop(first.run)
    const second = await demo(folder, ['--fresh'])
    expect(second.ready.key.private).not.toBe(first.ready.key.private)
    expect((await call({ ...second.ready, key: first.ready.key }, '')).status).toBe(401)
    await stop(second.run)
  })

  test('keeps its secrets in files for its owner alone', async () => {
    const folder = aPassableFolder()
    const { run, ready } = await demo(folder)
    expect(statSync(join(folder, 'demo.json')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(folder, 'demo.json'), 'utf8')).toContain(ready.key.private)
    await stop(run)
  })

  test('stops what it has started when a signal comes in the middle of the start', async () => {
    const folder = aPassableFolder()
    const run = rolecall(['demo', '--data', folder, '--port', '0', ...POSTGRESQL])
    while (postgresIn(folder).length === 0 && run.child.exitCode === null) await sleep(1)
    expect((await stop(run)).code).toBe(0)
    expect(postgresIn(folder)).toEqual([])
  })

  test('works in a folder that nobody else may enter, and leaves nothing behind when that is removed', async () => {
    const folder = aFolder()
    const { run, ready } = await demo(folder)
    const { id, port } = ready.instances[0]!
    expect((await call(ready, `/instances/${id}/users`)).status).toBe(200)
    await stop(run, 'SIGKILL')
    rmSync(folder, { recursive: true })
    const other = await demo(aPassableFolder())
    await stop(other.run)
    await expect(new pg.Client({ host: '127.0.0.1', port }).connect()).rejects.toThrow('ECONNREFUSED')
  })

  test('prints a tour for people', async () => {
    const run = rolecall(['demo', '--data', aPassableFolder(), '--port', '0', ...POSTGRESQL])
    await run.until(/Documents: http/)
    expect(run.output.out).toMatch(/export ROLECALL=http\S+ KEY=\w{40}/)
    expect(run.output.out).toMatch(/^psql .* -U ada orders/m)
    expect(run.output.out).toContain('$ROLECALL/v2/databases')
    expect(run.output.out).not.toMatch(/mariadb/i)
    await stop(run)
  })
})

describe('the demo refuses', () => {
  test('a folder with things in it that no demo made, also with --fresh', async () => {
    const folder = aPassableFolder()
    writeFileSync(join(folder, 'thesis.txt'), 'precious')
    for (const more of [[], ['--fresh']]) {
      const { code, err } = await rolecall(['demo', '--data', folder, ...more]).ended()
      expect(code).toBe(EXIT.folderForeign)
      expect(err).toContain('--data')
    }
    expect(readdirSync(folder)).toEqual(['thesis.txt'])
  })

  test('a folder in which a demo runs, also with --fresh, and leaves that one alone', async () => {
    const folder = aPassableFolder()
    const { run, ready } = await demo(folder)
    for (const more of [[], ['--fresh']]) {
      const { code } = await rolecall(['demo', '--data', folder, '--port', '0', ...more]).ended()
      expect(code).toBe(EXIT.folderHeld)
    }
    const { id } = ready.instances[0]!
    expect((await call(ready, `/instances/${id}/users`)).status).toBe(200)
    await stop(run)
  })

  test('an engine that it does not have, with the list of those that it has, before it touches anything', async () => {
    const folder = aPassableFolder()
    for (const engines of ['oracle', 'postgresql,oracle', '', 'postgresql,']) {
      const { code, err } = await rolecall(['demo', '--data', folder, '--engines', engines]).ended()
      expect(code).toBe(EXIT.usage)
      expect(err).toContain('--engines postgresql,mariadb')
    }
    expect(readdirSync(folder)).toEqual([])
  })

  test('a taken port, and leaves nothing running', async () => {
    await using taken = await aTakenPort()
    const folder = aPassableFolder()
    const { code } = await rolecall(['demo', '--data', folder, '--port', String(taken.port), ...POSTGRESQL]).ended()
    expect(code).toBe(EXIT.portTaken)
    expect(postgresIn(folder)).toEqual([])
  })
})
