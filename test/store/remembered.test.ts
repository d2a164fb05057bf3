import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { aKey, aMasterKey, anOperator, aProject } from './builders.ts'

const folder = mkdtempSync(join(tmpdir(), 'rolecall-remembered-'))
const project = aProject()
const operator = anOperator()
const key = aKey(operator.id, project.id)
const secret = new Secret('the private half of the test')
let serving: Store
let beside: Store

beforeAll(async () => {
  const masterKey = aMasterKey()
  serving = await openStore({ folder, masterKey, serve: true })
  beside = await openStore({ folder, masterKey, serve: false })
  await serving.transaction(async tables => {
    await tables.projects.add(project)
    await tables.operators.add(operator)
    await tables.keys.add(key, secret)
  })
})

afterAll(async () => {
  await beside?.close()
  await serving?.close()
  rmSync(folder, { recursive: true, force: true })
})

test('what was asked before is answered from memory, while nobody commits anything', async () => {
  const first = await serving.read.projects.find(project.id)
  expect(await serving.read.projects.find(project.id)).toBe(first)
})

test('after a commit of this process it is read anew', async () => {
  const first = (await serving.read.projects.find(project.id))!
  await serving.transaction(tables => tables.projects.save({ ...first, name: 'renamed here' }))
  expect((await serving.read.projects.find(project.id))?.name).toBe('renamed here')
})

test('after a commit of another process, such as a key that the command line revokes, it is read anew', async () => {
  expect((await serving.read.keys.match(secret))?.key.revokedAt).toBeUndefined()
  await beside.transaction(tables => tables.keys.revoke(key.id, 7))
  expect((await serving.read.keys.match(secret))?.key.revokedAt).toBe(7)
})

test('one secret is not taken for another', async () => {
  expect(await serving.read.keys.match(secret)).toBeDefined()
  expect(await serving.read.keys.match(new Secret('another private half'))).toBeUndefined()
})

test('a thousand commits, and after each the next read sees it', async () => {
  for (let n = 0; n < 1_000; n++) {
    const known = (await serving.read.projects.find(project.id))!
    const writer = n % 2 === 0 ? serving : beside
    await writer.transaction(tables => tables.projects.save({ ...known, name: `name ${n}` }))
    expect((await serving.read.projects.find(project.id))?.name).toBe(`name ${n}`)
  }
})
