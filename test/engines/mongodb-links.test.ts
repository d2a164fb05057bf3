import { describe, expect, test } from 'vitest'
import type { Target } from '../../src/engines/engine.ts'
import { mongodb } from '../../src/engines/mongodb/index.ts'
import { dialWithMongodb } from '../../src/engines/mongodb/link/dial.ts'
import { endSessions, openLinks } from '../../src/engines/mongodb/link/end.ts'
import type { Link } from '../../src/engines/mongodb/link/link.ts'
import type { DialConfig, MongoSession } from '../../src/engines/mongodb/link/session.ts'
import { INSTALLATION } from '../support/changes.ts'
import { mongodbServers, targetOf } from '../support/servers.ts'

const LONG_MS = 300

describe('attempts that were left', () => {
  const target = { hosts: [{ host: 'a.example.test', port: 1 }], statementTimeoutMs: LONG_MS } as unknown as Target
  const session = { installation: INSTALLATION, operation: 'op_LEFT' }
  const took = async (work: Promise<void>) => {
    const begin = performance.now()
    await work
    return performance.now() - begin
  }
  const ending = (links: ReturnType<typeof openLinks>, change: Partial<Target> = {}) =>
    took(endSessions(links, { ...target, ...change }, session, AbortSignal.timeout(5_000)))

  test('are waited for as long as their commands may take, once for an operation on one server', async () => {
    const links = openLinks()
    expect(await ending(links)).toBeGreaterThan(LONG_MS - 20)
    expect(await ending(links)).toBeLessThan(LONG_MS / 2)
    expect(await ending(links, { hosts: [{ host: 'b.example.test', port: 1 }] })).toBeGreaterThan(LONG_MS - 20)
  })

  test('are waited for again when the operation has gone on here', async () => {
    const links = openLinks()
    await ending(links)
    links.add({ ...session, attempt: 2 }, { broken: false, close: async () => {} } as unknown as Link)
    expect(await ending(links)).toBeGreaterThan(LONG_MS - 20)
  })

  test('are waited for no longer than the caller does', async () => {
    const given = endSessions(openLinks(), target, session, AbortSignal.timeout(50))
    await expect(given).rejects.toMatchObject({ code: 'timeout' })
  })
})

describe.skipIf(mongodbServers().length === 0)('links', () => {
  const session = { installation: INSTALLATION, operation: 'op_LINKS', attempt: 1 }
  const signal = () => AbortSignal.timeout(20_000)

  /** The engine over dialled sessions that can be looked at and changed on their way. */
  function watched(change: (session: MongoSession, config: DialConfig) => MongoSession = one => one) {
    const dialled: DialConfig[] = []
    const engine = mongodb(async (config, until) => {
      dialled.push(config)
      return change(await dialWithMongodb(config, until), config)
    })
    return { engine, dialled }
  }

  const start = async () => targetOf(await mongodbServers()[0]!.start())

  test('that nobody logged in on are refused where everybody has to, even if the server says who it is', async () => {
    const target = { ...(await start()), username: '', password: undefined }
    const ANSWERS: Readonly<Record<string, object>> = {
      hello: { isWritablePrimary: true },
      buildInfo: { version: '8.0.4' },
      connectionStatus: { authInfo: { authenticatedUsers: [] } },
    }
    const { engine } = watched(real => ({
      get broken() {
        return real.broken
      },
      close: () => real.close(),
      command: async (database, command) => ANSWERS[Object.keys(command)[0]!] ?? real.command(database, command),
    }))
    await expect(engine.open(target, session, signal())).rejects.toMatchObject({ code: 'missing_right' })
  })

  test('go on from a secondary to the primary that it names, past the guard', async () => {
    const target = await start()
    const asked: string[] = []
    const { port } = target.hosts[0]!
    let first = true
    const { engine } = watched(real => {
      if (!first) return real
      first = false
      return {
        get broken() {
          return real.broken
        },
        close: () => real.close(),
        command: async (database, command) => {
          const answer = await real.command(database, command)
          const secondary = { isWritablePrimary: false, primary: `primary.example.test:${port}`, me: 'other:1' }
          return 'hello' in command ? { ...answer, ...secondary } : answer
        },
      }
    })
    const resolve = async (host: string) => {
      asked.push(host)
      return ['127.0.0.1']
    }
    await using link = await engine.open({ ...target, resolve }, session, signal())
    expect(link.server.readOnly).toBe(false)
    expect(asked).toEqual([target.hosts[0]!.host, 'primary.example.test'])
  })

  test('serve for reading alone where nobody takes changes', async () => {
    const target = await start()
    const { engine } = watched(real => ({
      get broken() {
        return real.broken
      },
      close: () => real.close(),
      command: async (database, command) => {
        const answer = await real.command(database, command)
        return 'hello' in command ? { ...answer, isWritablePrimary: false } : answer
      },
    }))
    await using link = await engine.open(target, session, signal())
    expect(link.server.readOnly).toBe(true)
    const step = { why: 'for this test', database: 'admin', statements: [{ shown: '{"dropUser":"nobody"}' }] }
    await expect(link.run(step)).rejects.toMatchObject({ code: 'read_only' })
  })

  test('list logins by command where their login may not read the catalogue', async () => {
    const target = await start()
    let refused = 0
    const { engine } = watched(real => ({
      get broken() {
        return real.broken
      },
      close: () => real.close(),
      command: async (database, command) => {
        // SecantusDB does not know this one: it is answered from what its catalogue holds.
        if ((command.usersInfo as { forAllDBs?: boolean })?.forAllDBs) {
          const { cursor } = await real.command('admin', { find: 'system.users', batchSize: 10_000 })
          return { users: cursor.firstBatch }
        }
        if (command.find !== 'system.users') return real.command(database, command)
        refused++
        throw Object.assign(new Error('not authorized on admin to execute command'), { code: 13 })
      },
    }))
    await using link = await engine.open(target, session, signal())
    const { items } = await link.listUsers({ limit: 1_000, q: target.username.toUpperCase() })
    expect(items.map(({ name }) => name)).toContain(target.username)
    expect(refused).toBe(1)
  })

  test('that were cut do not come back', async () => {
    const target = await start()
    const dialled: MongoSession[] = []
    const { engine } = watched(real => {
      dialled.push(real)
      return real
    })
    await using link = await engine.open(target, session, signal())
    await dialled[0]!.close()
    await expect(link.listUsers({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' })
    expect(dialled).toHaveLength(1)
  })

  test('try the next host where one does not answer', async () => {
    const target = await start()
    const { engine, dialled } = watched()
    const hosts = [{ host: '127.0.0.1', port: 1 }, ...target.hosts]
    await using link = await engine.open({ ...target, hosts }, session, signal())
    expect(link.server.readOnly).toBe(false)
    expect(dialled.map(({ port }) => port)).toEqual(hosts.map(({ port }) => port))
  })

  test('are refused to whoever wants another way to log in than a password', async () => {
    const open = watched().engine.open({ ...(await start()), mechanism: 'PLAIN' }, session, signal())
    await expect(open).rejects.toMatchObject({ code: 'unsupported', subject: 'connection' })
  })

  test('log in by the mechanism that the connection names', async () => {
    const target = { ...(await start()), mechanism: 'SCRAM-SHA-256' }
    await using link = await watched().engine.open(target, session, signal())
    expect(link.login).toEqual({ name: target.username, authDatabase: 'admin' })
  })
})
