import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { endsWithUs } from '../support/ends-with-us.ts'
import { endAllIn, workingIn } from '../support/working-in.ts'

const folder = mkdtempSync(join(tmpdir(), 'rolecall-leftovers-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sleepers = () => workingIn(place => place === folder)
const SLEEPER = `spawn('sleep', ['600'], { cwd: ${JSON.stringify(folder)}, detached: true, stdio: 'ignore' })`

describe('a process that a test file started', () => {
  test.each([
    ['comes to its end', 'process.exit(0)'],
    ['is told to go', "process.kill(process.pid, 'SIGTERM')"],
    ['is killed', "process.kill(process.pid, 'SIGKILL')"],
  ])('ends when the file’s own process %s before anybody stopped it', async (_, end) => {
    const script = `
      import { spawn } from 'node:child_process'
      import { endsWithUs } from ${JSON.stringify(new URL('../support/ends-with-us.ts', import.meta.url).href)}
      const stopped = endsWithUs(${SLEEPER})
      stopped.kill('SIGKILL')
      stopped.once('exit', () => {
        endsWithUs(${SLEEPER}, 'TERM')
        endsWithUs(${SLEEPER})
        console.log('up')
      })
      process.stdin.once('data', () => ${end}).resume()`
    const file = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    endsWithUs(file)
    await once(file.stdout, 'data')
    expect(sleepers()).toHaveLength(2)
    file.stdin.write('go\n')
    await once(file, 'exit')
    await expect.poll(sleepers, { timeout: 20_000 }).toEqual([])
  })

  test('ends with the folder that it works in, wherever below', async () => {
    const one = endsWithUs(spawn('sleep', ['600'], { cwd: folder, stdio: 'ignore' }))
    const gone = once(one, 'exit')
    endAllIn(`${folder}-of-another`)
    expect(sleepers()).toEqual([one.pid])
    endAllIn(join(folder, '..', folder.split('/').at(-1)!))
    expect(await gone).toEqual([null, 'SIGKILL'])
  })
})
