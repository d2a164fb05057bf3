import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyStore } from '../../../src/store/keeping/copy.ts'
import { masterKeyState, rotateMasterKey } from '../../../src/store/keeping/master-key/master-key.ts'
import { findLosses, resetMasterKey } from '../../../src/store/keeping/master-key/master-key-reset.ts'
import type { StorePlace } from '../../../src/store/keeping/place.ts'
import { openStore } from '../../../src/store/open.ts'
import type { StoreProblem } from '../../../src/store/problem.ts'
import { type KeyPlace, loadMasterKey } from '../../../src/store/sealing/master-key.ts'
import type { Store } from '../../../src/store/store.ts'
import { aFullStore } from './a-full-store.ts'
import { aDatabase, aFolder } from './databases.ts'
import { rowsInFile, rowsInPostgresql } from './rows.ts'

const problem = (kind: StoreProblem['kind'], words = '') =>
  expect.objectContaining({ name: 'StoreProblem', kind, message: expect.stringContaining(words) })

const inFile = (folder: string): KeyPlace => ({ folder, env: {} })
const inVariable = (...keys: Buffer[]): KeyPlace => ({
  env: { ROLECALL_MASTER_KEY: keys.map(key => key.toString('base64')).join(',') },
})

/** A full store in a folder, with its key in a file; or moved to a PostgreSQL. */
async function aStore(kind: 'SQLite' | 'PostgreSQL') {
  const folder = aFolder()
  const made = await aFullStore(folder, loadMasterKey(inFile(folder), true))
  const place: { folder: string } | { url: string } = kind === 'SQLite' ? { folder } : { url: await aDatabase() }
  if ('url' in place) await copyStore({ folder }, place)
  const rows = () =>
    'url' in place ? rowsInPostgresql(place.url) : Promise.resolve(rowsInFile(join(folder, 'rolecall.db')))
  return { ...made, folder, place, rows, keyFile: join(folder, 'master.key') }
}

async function using<T>(place: StorePlace, masterKey: KeyPlace, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ ...(place as { folder: string }), masterKey, serve: true })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

async function whatOpens(at: Awaited<ReturnType<typeof aStore>>, key: KeyPlace) {
  return await using(at.place, key, async store => ({
    credential: (await store.read.connections.find(at.connection.id))?.credential?.kind,
    apiKey: (await store.read.keys.match(at.secret))?.key.id,
  }))
}

describe.each(['SQLite', 'PostgreSQL'] as const)('the master key of a store on %s', kind => {
  it('is changed: only the wrapping of the data keys becomes another, and the ring keeps the old one', async () => {
    const at = await aStore(kind)
    const before = await at.rows()
    const opened = await whatOpens(at, inFile(at.folder))
    expect(opened).toEqual({ credential: 'sealed', apiKey: expect.any(String) })
    const old = readFileSync(at.keyFile, 'utf8').trim()
    const rotated = await rotateMasterKey(at.place, inFile(at.folder))
    expect(await whatOpens(at, inFile(at.folder))).toEqual(opened)
    const ring = readFileSync(at.keyFile, 'utf8').trim().split('\n')
    expect(ring).toEqual([expect.any(String), old])
    expect(statSync(at.keyFile).mode & 0o777).toBe(0o600)
    expect({ ...(await at.rows()), data_keys: [] }).toEqual({ ...before, data_keys: [] })
    expect(rotated).toMatchObject({ before: [rotated.ring[1]], now: rotated.ring[0] })
    writeFileSync(at.keyFile, ring[0]!)
    expect(await whatOpens(at, inFile(at.folder))).toEqual(opened)
  })

  it('is changed by several at once, one after the other: the ring holds what wraps', async () => {
    const at = await aStore(kind)
    const rotations = await Promise.all([1, 2, 3].map(() => rotateMasterKey(at.place, inFile(at.folder))))
    const state = await masterKeyState(at.place, inFile(at.folder))
    expect(state).toMatchObject({ opens: true, wrappedBy: [state.ring[0]] })
    expect(state.ring).toHaveLength(4)
    expect(rotations.map(({ now }) => now).toSorted()).toEqual(state.ring.slice(0, 3).toSorted())
  })

  it('that a variable holds: says what to do, and does it when the new key stands in front', async () => {
    const at = await aStore(kind)
    const old = Buffer.from(readFileSync(at.keyFile, 'utf8'), 'base64')
    const next = randomBytes(32)
    await expect(rotateMasterKey(at.place, inVariable(old))).rejects.toEqual(problem('refused', 'NEW,OLD'))
    await expect(rotateMasterKey(at.place, inVariable(next))).rejects.toEqual(problem('master-key-wrong'))
    await rotateMasterKey(at.place, inVariable(next, old))
    expect((await whatOpens(at, inVariable(next))).credential).toBe('sealed')
    expect(existsSync(at.keyFile)).toBe(true)
  })

  it('is not changed where the wrong one is there: that would hide which the right one was', async () => {
    const at = await aStore(kind)
    writeFileSync(at.keyFile, randomBytes(32).toString('base64'))
    const wrong = readFileSync(at.keyFile, 'utf8')
    await expect(rotateMasterKey(at.place, inFile(at.folder))).rejects.toEqual(problem('master-key-wrong'))
    expect(readFileSync(at.keyFile, 'utf8')).toBe(wrong)
    expect(await masterKeyState(at.place, inFile(at.folder))).toMatchObject({ opens: false })
  })

  it('that is lost: everything else is kept, and what was sealed waits for the key to be found', async () => {
    const at = await aStore(kind)
    const lost = readFileSync(at.keyFile, 'utf8').trim()
    rmSync(at.keyFile)
    const refusal: unknown = await using(at.place, inFile(at.folder), async () => {}).catch(error => error)
    expect(refusal).toEqual(problem('master-key-missing', 'rolecall master-key reset'))
    const losses = await findLosses(at.place, inFile(at.folder))
    expect(losses).toMatchObject({
      connections: expect.arrayContaining([at.connection.name]),
      apiKeys: expect.any(Number),
    })
    const before = await at.rows()
    expect(await resetMasterKey(at.place, inFile(at.folder))).toMatchObject(losses)
    const after = await at.rows()
    const touched = ['data_keys', 'api_keys', 'replays', 'invitations']
    const same = Object.keys(before).filter(table => !touched.includes(table))
    for (const table of same) expect(after[table], table).toEqual(before[table])
    expect(await whatOpens(at, inFile(at.folder))).toEqual({ credential: 'unreadable', apiKey: undefined })
    await using(at.place, inFile(at.folder), async store => {
      const { items } = await store.read.keys.list(at.project.id, { limit: 99 })
      expect(items.every(({ revokedAt }) => revokedAt !== undefined)).toBe(true)
    })
    writeFileSync(at.keyFile, `${readFileSync(at.keyFile, 'utf8')}${lost}\n`)
    expect((await whatOpens(at, inFile(at.folder))).credential).toBe('sealed')
  })

  it('that opens the store is never thrown away', async () => {
    const at = await aStore(kind)
    const before = await at.rows()
    for (const refused of [findLosses, resetMasterKey]) {
      await expect(refused(at.place, inFile(at.folder))).rejects.toEqual(problem('refused', 'nothing is lost'))
    }
    expect(await at.rows()).toEqual(before)
    expect(readdirSync(at.folder).filter(name => name.includes('lost'))).toEqual([])
  })

  it('is not reset under a running server, whose memory still holds it', async () => {
    const at = await aStore(kind)
    const right = inVariable(Buffer.from(readFileSync(at.keyFile, 'utf8'), 'base64'))
    writeFileSync(at.keyFile, 'lost')
    await using(at.place, right, async () => {
      await expect(resetMasterKey(at.place, inFile(at.folder))).rejects.toEqual(problem('folder-in-use'))
    })
    await resetMasterKey(at.place, inFile(at.folder))
    expect(readdirSync(at.folder).some(name => name.startsWith('master.key.lost-'))).toBe(true)
  })
})
