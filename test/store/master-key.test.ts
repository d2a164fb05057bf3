import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newSecret } from '../../src/domain/secret.ts'
import { openStore } from '../../src/store/open.ts'
import type { StoreProblem } from '../../src/store/problem.ts'
import type { Store } from '../../src/store/store.ts'
import { aKey, aManagedServer, aUserRecord } from './builders.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolecall-key-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const aRing = (...keys: Buffer[]) => keys.map(key => key.toString('base64')).join(',')
const open = (ring?: string) =>
  openStore({ folder, masterKey: { folder, env: { ROLECALL_MASTER_KEY: ring } }, serve: true })
const problem = (kind: StoreProblem['kind']) => expect.objectContaining({ name: 'StoreProblem', kind })

async function using<T>(ring: string | undefined, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await open(ring)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** Puts a secret into the store; answers how to read it back. */
async function sealSomething(store: Store) {
  const { connection, instance, operator, project } = await aManagedServer(store)
  const secret = newSecret()
  await store.transaction(async tables => {
    await tables.users.put(aUserRecord(instance.id, { password: newSecret() }))
    await tables.keys.add(aKey(operator.id, project.id), secret)
  })
  return async (later: Store) => {
    const found = (await later.read.connections.list(project.id, { limit: 5 })).items.find(
      ({ id }) => id === connection.id,
    )
    const keyFound = (await later.read.keys.match(secret)) !== undefined
    return { credential: found?.credential, keyFound, instance }
  }
}

describe('the master key', () => {
  it('is made once, for a new store, and kept in a file for our eyes only', async () => {
    const read = await using(undefined, sealSomething)
    const file = join(folder, 'master.key')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const made = readFileSync(file, 'utf8')
    expect(await using(undefined, read)).toMatchObject({ credential: { kind: 'sealed' }, keyFound: true })
    expect(readFileSync(file, 'utf8')).toBe(made)
  })

  it('may come from the environment instead, as base64 or hex', async () => {
    const key = randomBytes(32)
    const read = await using(aRing(key), sealSomething)
    expect(existsSync(join(folder, 'master.key'))).toBe(false)
    expect(await using(key.toString('hex'), read)).toMatchObject({ credential: { kind: 'sealed' } })
  })

  it('that is missing for an existing store is asked for, not made anew', async () => {
    await using(undefined, sealSomething)
    rmSync(join(folder, 'master.key'))
    const refusal = await open().catch(error => error)
    expect(refusal).toEqual(problem('master-key-missing'))
    expect(refusal.message).toContain(join(folder, 'master.key'))
    expect(existsSync(join(folder, 'master.key'))).toBe(false)
  })

  it('that is the wrong one is refused, by its name', async () => {
    const [right, wrong] = [aRing(randomBytes(32)), aRing(randomBytes(32))]
    const read = await using(right, sealSomething)
    const refusal = await open(wrong).catch(error => error)
    expect(refusal).toEqual(problem('master-key-wrong'))
    expect(refusal.message).toMatch(/master key [0-9a-f]{8}, and I was given [0-9a-f]{8}/)
    expect(await using(right, read)).toMatchObject({ credential: { kind: 'sealed' } })
  })

  it('that is no key at all is refused before anything is touched', async () => {
    for (const text of ['', ',', 'secret', 'ab'.repeat(31), aRing(randomBytes(31))]) {
      await expect(open(text), text).rejects.toEqual(problem('master-key-malformed'))
    }
  })

  it('may be changed: the ring opens what an older one sealed, and re-wrapping lets the older one go', async () => {
    const [old, next] = [randomBytes(32), randomBytes(32)]
    const read = await using(aRing(old), sealSomething)
    await using(aRing(next, old), async store => {
      expect(await read(store)).toMatchObject({ credential: { kind: 'sealed' }, keyFound: true })
      expect(await store.rewrap()).toBe(2)
    })
    expect(await using(aRing(next), read)).toMatchObject({ credential: { kind: 'sealed' }, keyFound: true })
    await expect(open(aRing(old))).rejects.toEqual(problem('master-key-wrong'))
  })
})
