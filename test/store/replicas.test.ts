import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Operator } from '../../src/domain/callers/operator.ts'
import { MIGRATIONS } from '../../src/store/migrations/all.ts'
import { openStore } from '../../src/store/open.ts'
import type { StoreProblem } from '../../src/store/problem.ts'
import type { Store } from '../../src/store/store.ts'
import { PASSWORD } from '../support/postgresql/cluster.ts'
import { aConnection, aManagedServer, aMasterKey, anInstance, anOperator, aProject } from './builders.ts'
import { inDatabase, type OwnPostgresql, ownPostgresql } from './postgresql-server.ts'

const masterKey = aMasterKey()
let server: OwnPostgresql
beforeAll(async () => {
  server = await ownPostgresql()
})
afterAll(() => server?.remove())

const open = (url = server.url) => openStore({ url, masterKey, serve: true })
const problem = (kind: StoreProblem['kind']) => expect.objectContaining({ name: 'StoreProblem', kind })

async function withReplicas<T>(count: number, work: (replicas: Store[]) => Promise<T>): Promise<T> {
  const replicas = await Promise.all(Array.from({ length: count }, () => open()))
  try {
    return await work(replicas)
  } finally {
    await Promise.all(replicas.map(replica => replica.close()))
  }
}

describe('replicas on one PostgreSQL', () => {
  it('may all start at once on an empty database: one makes the tables', async () => {
    await withReplicas(8, async replicas => {
      expect(new Set(replicas.map(replica => replica.installation)).size).toBe(1)
      const [one, other] = replicas
      const { connection } = await aManagedServer(one!)
      const found = await other!.read.connections.find(connection.id)
      expect(found?.credential).toMatchObject({ kind: 'sealed' })
    })
  })

  it('make one instance of a new server that two operators connect at once', async () => {
    await withReplicas(2, async replicas => {
      const project = aProject()
      await replicas[0]!.transaction(tables => tables.projects.add(project))
      const address = { host: 'new.example.test', port: 5432 }
      const connect = (replica: Store) =>
        replica.transaction(async tables => {
          const found = await tables.instances.findByAddress(project.id, 'postgresql', [address])
          const instance = found ?? anInstance(project.id)
          if (!found) await tables.instances.add(instance)
          await tables.connections.add(aConnection(instance, address))
        })
      await Promise.all(Array.from({ length: 10 }, (_, at) => connect(replicas[at % 2]!)))
      expect(await replicas[0]!.read.instances.count(project.id)).toBe(1)
    })
  })

  it('run a transaction again that PostgreSQL undid to end a deadlock', async () => {
    await withReplicas(2, async ([one, other]) => {
      const [ada, bob] = [anOperator(), anOperator()]
      await one!.transaction(async tables => {
        await tables.operators.add(ada)
        await tables.operators.add(bob)
      })
      const bothHoldOne = Promise.withResolvers<void>()
      let holding = 0
      let runs = 0
      // Writes that look at no version: only the deadlock is in their way.
      const rename = (replica: Store, operators: Operator[]) =>
        replica.transaction(async tables => {
          runs += 1
          for (const operator of operators) {
            await tables.operators.describe({ ...operator, name: 'Renamed' })
            holding += 1
            if (holding === 2) bothHoldOne.resolve()
            await bothHoldOne.promise
          }
        })
      await Promise.all([rename(one!, [ada, bob]), rename(other!, [bob, ada])])
      expect(runs).toBe(3)
      for (const { id } of [ada, bob]) expect((await one!.read.operators.find(id))?.name).toBe('Renamed')
    })
  })
})

describe('a store whose PostgreSQL goes away', () => {
  const gone = { code: 'unavailable', subject: 'store' }

  it('says so, and works again when it is back', async () => {
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
      const store = await open()
      const project = aProject()
      await store.transaction(tables => tables.projects.add(project))
      await server.stop(signal)
      await expect(store.ping()).rejects.toMatchObject(gone)
      await expect(store.read.projects.find(project.id)).rejects.toMatchObject(gone)
      await expect(store.transaction(tables => tables.projects.add(aProject()))).rejects.toMatchObject(gone)
      await server.start()
      await store.ping()
      expect(await store.read.projects.find(project.id)).toEqual(project)
      await store.close()
    }
  })

  it('in the middle of a transaction keeps nothing of it', async () => {
    const store = await open()
    const project = aProject()
    const cut = store.transaction(async tables => {
      await tables.projects.add(project)
      await server.stop('SIGQUIT')
      await server.start()
      await tables.projects.add(aProject())
    })
    await expect(cut).rejects.toMatchObject(gone)
    expect(await store.read.projects.find(project.id)).toBeUndefined()
    await store.close()
  })

  it('while a session was ended from outside goes on with another', async () => {
    const store = await open()
    await store.ping()
    await server.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rolecall store'",
    )
    await new Promise(resolve => setTimeout(resolve, 100))
    await store.ping()
    await store.close()
  })
})

describe('a PostgreSQL that does not take us', () => {
  it('is named unreachable when nobody answers', async () => {
    await expect(open('postgres://nobody@127.0.0.1:1/none')).rejects.toEqual(problem('unreachable'))
  })

  it('is named unreachable when the database is not there', async () => {
    const refusal = await open(inDatabase(server.url, 'nowhere')).catch(error => error)
    expect(refusal).toEqual(problem('unreachable'))
    expect(refusal.message).toContain('"nowhere" does not exist')
  })

  it('that forbids our tables is told from one that is away, with a remedy', async () => {
    await server.query(`create role plain login password '${PASSWORD}'`)
    await server.query('create database locked')
    const refusal = await open(inDatabase(server.url, 'locked', 'plain')).catch(error => error)
    expect(refusal).toEqual(problem('forbidden'))
    expect(refusal.message).toContain('create schema rolecall authorization')
  })

  it('is enough with a schema of our own and nothing else', async () => {
    await server.query(`create role modest login password '${PASSWORD}'`)
    await server.query('create database modest_home')
    await server.query('create schema rolecall authorization modest', 'modest_home')
    const store = await open(inDatabase(server.url, 'modest_home', 'modest'))
    await store.transaction(tables => tables.projects.add(aProject()))
    await store.close()
  })

  it('with a store of a later release is refused in words that name it', async () => {
    await (await open()).close()
    await server.query("update rolecall.installation set schema_version = 99, release = '9.9.0'")
    const refusal = await open().catch(error => error)
    const { version, since } = MIGRATIONS.at(-1)!
    await server.query(`update rolecall.installation set schema_version = ${version}, release = '${since}'`)
    expect(refusal).toEqual(problem('newer-schema'))
    expect(refusal.message).toContain('9.9.0')
  })

  it('that refuses our password is named unreachable, and the password is not repeated', async () => {
    const wrong = new URL(server.url)
    wrong.password = 'a-wrong-password'
    const refusal = await open(wrong.href).catch(error => error)
    expect(refusal).toEqual(problem('unreachable'))
    expect(refusal.message).not.toContain('a-wrong-password')
  })

  it('with a store under another master key is refused', async () => {
    await (await open()).close()
    const other = openStore({ url: server.url, masterKey: aMasterKey(), serve: true })
    await expect(other).rejects.toEqual(problem('master-key-wrong'))
  })
})
