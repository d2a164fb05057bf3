import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store, Tables } from '../../src/store/store.ts'
import { aKey, aMasterKey, anAuditLine, anOperator, aProject, NOON } from './builders.ts'

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

test('what is remembered stays while others write what it was not read from, as every change of a login does', async () => {
  const first = await serving.read.projects.find(project.id)
  await serving.transaction(tables => tables.audit.add(anAuditLine()))
  expect(await serving.read.projects.find(project.id)).toBe(first)
})

test('what another process writes is taken for anything', async () => {
  const first = await serving.read.projects.find(project.id)
  await beside.transaction(tables => tables.audit.add(anAuditLine()))
  const second = await serving.read.projects.find(project.id)
  expect(second).not.toBe(first)
  expect(second).toEqual(first)
})

test('what another process wrote just before this one wrote something else is read anew', async () => {
  const first = (await serving.read.projects.find(project.id))!
  await beside.transaction(tables => tables.projects.save({ ...first, name: 'renamed beside' }))
  await serving.transaction(tables => tables.audit.add(anAuditLine()))
  expect((await serving.read.projects.find(project.id))?.name).toBe('renamed beside')
})

test('what goes with a row that is dropped is not remembered', async () => {
  const team = aProject()
  await serving.transaction(tables => tables.projects.add(team))
  await serving.transaction(tables => tables.members.set(team.id, operator.id, 'editor', NOON))
  expect(await serving.read.members.find(team.id, operator.id)).toBeDefined()
  await serving.transaction(tables => tables.projects.remove(team.id))
  expect(await serving.read.members.find(team.id, operator.id)).toBeUndefined()
})

test('what a transaction wrote that came to nothing is forgotten, and what the next one commits is not', async () => {
  const name = async () => (await serving.read.operators.find(operator.id))?.name
  expect(await name()).toBe(operator.name)
  const rename = (name: string) => (tables: Tables) => tables.operators.describe({ ...operator, name })
  const undone = serving.transaction(async tables => {
    await rename('nobody')(tables)
    throw new Error('undone')
  })
  await expect(undone).rejects.toThrow('undone')
  expect(await name()).toBe(operator.name)
  await serving.transaction(rename('renamed'))
  expect(await name()).toBe('renamed')
})

test('what was begun to be read before a commit and is answered after it is read anew', async () => {
  const known = (await serving.read.projects.find(project.id))!
  await serving.transaction(tables => tables.projects.save({ ...known, name: 'one' }))
  const early = serving.read.projects.find(project.id)
  await serving.transaction(tables => tables.projects.save({ ...known, name: 'two', version: known.version + 1 }))
  await early
  expect((await serving.read.projects.find(project.id))?.name).toBe('two')
})
