import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { newSecret, Secret } from '../../../src/domain/secret.ts'
import { copyStore } from '../../../src/store/keeping/copy.ts'
import { rotateMasterKey } from '../../../src/store/keeping/master-key/master-key.ts'
import { resetMasterKey } from '../../../src/store/keeping/master-key/master-key-reset.ts'
import { reseal } from '../../../src/store/keeping/master-key/reseal.ts'
import { openStore } from '../../../src/store/open.ts'
import type { StoreProblem } from '../../../src/store/problem.ts'
import { type KeyPlace, loadMasterKey } from '../../../src/store/sealing/master-key.ts'
import type { Store } from '../../../src/store/store.ts'
import { SEALED_COLUMNS } from '../../../src/store/tables/sealed-columns.ts'
import { aConnection, aKey, aManagedServer, anOperation, aTarget, aUserRecord, NOON } from '../builders.ts'
import { aDatabase, aFolder } from './databases.ts'
import { rowsInFile, rowsInPostgresql } from './rows.ts'

const problem = (kind: StoreProblem['kind']) => expect.objectContaining({ name: 'StoreProblem', kind })

/** A secret in every column that holds any, and how each is read back. */
async function aSealedStore(kind: 'SQLite' | 'PostgreSQL') {
  const folder = aFolder()
  const key: KeyPlace = { folder, env: {} }
  const store = await openStore({ folder, masterKey: loadMasterKey(key, true), serve: true })
  const { project, operator, instance, connection } = await aManagedServer(store)
  const secret = newSecret()
  const apiKey = aKey(operator.id, project.id)
  const withCertificate = aConnection(instance, {
    tls: { mode: 'require', clientCertificate: 'PEM', clientKey: new Secret('the client key') },
  })
  const change = { kind: 'create-user', user: { name: 'ada' }, password: new Secret('wished') } as never
  const operation = anOperation({ projectId: project.id, targets: [aTarget({ instanceId: instance.id, change })] })
  const projectUser = (change: 'create' | 'change', text: string) => {
    const targets = [aTarget({ instanceId: instance.id, subject: { kind: 'user', key: 'grace' } })]
    const { id, ...rest } = anOperation({ projectId: project.id, targets })
    const plan = { projectId: project.id, kind: 'user', key: 'grace', operationId: id, change, next: {} } as const
    return { id, operation: { id, ...rest }, plan: { ...plan, password: new Secret(text) } }
  }
  const [made, changed] = [projectUser('create', 'of a project'), projectUser('change', 'to come')]
  const until = Date.now() + 1_000_000
  const replay = { keyId: apiKey.id, replayKey: 'once', requestHash: 'h', until }
  await store.transaction(async tables => {
    await tables.keys.add(apiKey, secret)
    await tables.connections.add(withCertificate)
    await tables.users.put(aUserRecord(instance.id, { password: new Secret('kept') }))
    await tables.operations.begin(operation)
    await tables.operations.settle(
      operation.id,
      { worker: operation.worker, attempt: 1 },
      [{ password: new Secret('handed over') } as never],
      [[]],
      NOON,
      until,
    )
    await tables.operations.begin(made.operation)
    await tables.projectRecords.begin(made.plan, NOON)
    await tables.operations.settle(made.id, { worker: operation.worker, attempt: 1 }, [{}], [[]], NOON, 0)
    await tables.projectRecords.finish(made.id, 0)
    await tables.operations.begin(changed.operation)
    await tables.projectRecords.begin(changed.plan, NOON)
    await tables.replays.add({ ...replay, answer: { status: 200, headers: {}, body: 'the answer' } })
  })
  await store.close()
  const place: { folder: string } | { url: string } = kind === 'SQLite' ? { folder } : { url: await aDatabase() }
  if ('url' in place) await copyStore({ folder }, place)
  const rows = () =>
    'url' in place ? rowsInPostgresql(place.url) : Promise.resolve(rowsInFile(join(folder, 'rolecall.db')))

  /** Everything that was sealed, as a server reads it. */
  async function secrets(): Promise<readonly unknown[]> {
    return await using(place, key, async ({ read }) => {
      const { digest } = (await read.keys.matchPublic(apiKey.publicKey))!
      const { credential } = (await read.connections.find(connection.id))!
      const [outcome] = (await read.operations.outcomes(operation.id))!
      const kept = [...(await read.users.findMany(instance.id, [aUserRecord(instance.id).key])).values()][0]
      return [
        digest.md5.reveal(),
        digest.sha256.reveal(),
        credential?.kind === 'sealed' && credential.secret.reveal(),
        (await read.connections.find(withCertificate.id))?.tls?.clientKey?.reveal(),
        outcome?.password?.reveal(),
        kept?.password?.reveal(),
        (await read.projectRecords.find(project.id, 'user', 'grace'))?.password?.reveal(),
        (await read.replays.find(apiKey.id, 'once', NOON))?.answer?.body,
        (await read.keys.match(secret))?.key.id,
      ]
    })
  }
  return { folder, key, place, rows, secrets, connection }
}

async function using<T>(
  place: { folder: string } | { url: string },
  masterKey: KeyPlace,
  work: (s: Store) => Promise<T>,
) {
  const store = await openStore({ ...(place as { folder: string }), masterKey, serve: true })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** Ids of the data keys that seal, newest first, as the rows tell. */
const sealKeysIn = (rows: Awaited<ReturnType<typeof rowsInPostgresql>>) =>
  rows.data_keys!.filter(row => row.includes('"seal"')).map(row => /\["id","([0-9a-f]+)"\]/.exec(row)![1]!)

describe.each(['SQLite', 'PostgreSQL'] as const)('sealing everything anew on %s', kind => {
  it('leaves every secret readable, and no trace of the old data key', async () => {
    const at = await aSealedStore(kind)
    const [before, secrets] = [await at.rows(), await at.secrets()]
    expect(secrets).not.toContain(undefined)
    const [old] = sealKeysIn(before)
    const told: number[] = []
    const done = await reseal(at.place, at.key, ({ done, total }) => told.push(done, total))
    expect(done).toEqual({
      dataKey: expect.any(String),
      resealed: expect.any(Number),
      unreadable: 0,
      dropped: [old],
    })
    expect(done.resealed).toBeGreaterThanOrEqual(SEALED_COLUMNS.length)
    expect(told.slice(-2)).toEqual([done.resealed, done.resealed])
    const after = await at.rows()
    expect(sealKeysIn(after)).toEqual([done.dataKey])
    expect(JSON.stringify(after)).not.toContain(old)
    expect(await at.secrets()).toEqual(secrets)
  })

  it('goes well with a new master key: the old ring opens nothing of it', async () => {
    const at = await aSealedStore(kind)
    const secrets = await at.secrets()
    const ring = readFileSync(join(at.folder, 'master.key'), 'utf8')
    await rotateMasterKey(at.place, at.key)
    await reseal(at.place, at.key)
    expect(await at.secrets()).toEqual(secrets)
    writeFileSync(join(at.folder, 'master.key'), ring)
    await expect(at.secrets()).rejects.toEqual(problem('master-key-wrong'))
  })

  it('leaves alone what can’t be read, and the data key that it waits for', async () => {
    const at = await aSealedStore(kind)
    const lost = readFileSync(join(at.folder, 'master.key'), 'utf8')
    writeFileSync(join(at.folder, 'master.key'), Buffer.alloc(32, 7).toString('base64'))
    await resetMasterKey(at.place, at.key)
    const done = await reseal(at.place, at.key)
    expect(done.unreadable).toBeGreaterThan(0)
    expect(sealKeysIn(await at.rows())).toHaveLength(2)
    const fresh = readFileSync(join(at.folder, 'master.key'), 'utf8')
    writeFileSync(join(at.folder, 'master.key'), `${fresh}\n${lost}`)
    expect((await reseal(at.place, at.key)).unreadable).toBe(0)
    expect(sealKeysIn(await at.rows())).toHaveLength(1)
    const credential = await using(
      at.place,
      at.key,
      async ({ read }) => (await read.connections.find(at.connection.id))?.credential?.kind,
    )
    expect(credential).toBe('sealed')
  })

  it('is refused while a server runs, and undone as a whole when it is stopped', async () => {
    const at = await aSealedStore(kind)
    const before = await at.rows()
    await using(at.place, at.key, async () => {
      await expect(reseal(at.place, at.key)).rejects.toEqual(problem('folder-in-use'))
    })
    const stopped = new Error('stopped in the middle')
    const stop = () => {
      throw stopped
    }
    await expect(reseal(at.place, at.key, stop)).rejects.toThrow()
    expect(await at.rows()).toEqual(before)
  })
})

it('knows every column that is sealed', () => {
  const tables = new URL('../../../src/store/tables/', import.meta.url)
  const files = readdirSync(tables, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts'))
  const seals = files.map(name => readFileSync(new URL(name, tables), 'utf8'))
  expect(seals.join('').match(/vault\.seal\(/g)).toHaveLength(SEALED_COLUMNS.length)
})
