import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { StoreProblem } from '../../src/store/problem.ts'
import { aProject } from './builders.ts'

const CHILD = fileURLToPath(new URL('./writer-child.ts', import.meta.url))

let folder: string
const children: ChildProcess[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolecall-folder-'))
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const open = (serve = true, where = folder) => openStore({ folder: where, masterKey: { folder, env: {} }, serve })
const problem = (kind: StoreProblem['kind']) => expect.objectContaining({ name: 'StoreProblem', kind })

/** Lets a process serve from the folder until it has acknowledged so many transactions; answers what it acknowledged. */
async function serveUntilKilled(transactions: number): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  const acknowledged: string[] = []
  let lines = 0
  for await (const line of createInterface({ input: child.stdout! })) {
    if (line !== 'serving') acknowledged.push(...line.split(' '))
    lines += 1
    if (lines === transactions + 1) child.kill('SIGKILL')
  }
  return acknowledged
}

describe('a data folder', () => {
  it('loses no acknowledged row, and no half of a transaction, however often its server is killed', async () => {
    const acknowledged: string[] = []
    for (const transactions of [1, 7, 40, 150, 15]) acknowledged.push(...(await serveUntilKilled(transactions)))
    const store = await open()
    for (const id of acknowledged) expect(await store.read.projects.find(id), id).toBeDefined()
    const { items } = await store.read.projects.list({ limit: 10_000 })
    expect(items.length % 2).toBe(0)
    expect(items.length).toBeGreaterThanOrEqual(acknowledged.length)
    await store.close()
  })

  it('serves one process at a time, and the refusal names it', async () => {
    const store = await open()
    const refusal = await open().catch(error => error)
    expect(refusal).toEqual(problem('folder-in-use'))
    expect(refusal.message).toContain(`process ${process.pid}`)
    await store.close()
    await (await open()).close()
  })

  it('refuses a second server at once while another process serves, and opens when that was killed', async () => {
    const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    await new Promise(resolve => child.stdout!.once('data', resolve))
    const begun = Date.now()
    const refusal = await open().catch(error => error)
    expect(Date.now() - begun).toBeLessThan(1_000)
    expect(refusal).toEqual(problem('folder-in-use'))
    expect(refusal.message).toContain(`process ${child.pid}`)
    const exited = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await exited
    await (await open()).close()
  })

  it('is shared with the command line, which waits for its turn', async () => {
    const child = spawn(process.execPath, [CHILD, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    await new Promise(resolve => child.stdout!.once('data', resolve))
    const store = await open(false)
    for (let at = 0; at < 20; at += 1) {
      const project = aProject()
      await store.transaction(tables => tables.projects.add(project))
      expect(await store.read.projects.find(project.id)).toEqual(project)
    }
    await store.close()
  })

  it('is for our eyes only', async () => {
    const inside = join(folder, 'data')
    await (await openStore({ folder: inside, masterKey: { folder: inside, env: {} }, serve: true })).close()
    expect(statSync(inside).mode & 0o777).toBe(0o700)
    for (const file of ['rolecall.db', 'master.key']) expect(statSync(join(inside, file)).mode & 0o777).toBe(0o600)
  })

  it('that can not be written to is named, with a remedy', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    const refusal = await open(true, join(file, 'data')).catch(error => error)
    expect(refusal).toEqual(problem('folder-unwritable'))
    expect(refusal.message).toContain(join(file, 'data'))
  })

  it('with something else in place of the database is called damaged, and left alone', async () => {
    writeFileSync(join(folder, 'rolecall.db'), 'this is not a database, and long enough to tell. '.repeat(99))
    await expect(open()).rejects.toEqual(problem('damaged'))
    await expect(open()).rejects.toBeInstanceOf(StoreProblem)
  })
})
