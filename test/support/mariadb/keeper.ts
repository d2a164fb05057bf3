import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeInstance, startInstance } from './instance.ts'
import { mariadbPrograms } from './programs.ts'

/**
 * Keeps one server running for as long as the test run lives: `node keeper.ts FOLDER PID`. It is a process of its own, so that test
 * files, which come and go in workers, share a server, and that none is left behind when a run is killed.
 */
const [folder, watched] = process.argv.slice(2) as [string, string]

function tell(what: object): void {
  writeFileSync(join(folder, 'state.new'), JSON.stringify(what))
  renameSync(join(folder, 'state.new'), join(folder, 'state.json'))
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

try {
  await using server = await startInstance(await makeInstance(mariadbPrograms(), join(folder, 'instance')))
  tell({ port: server.port, log: server.log })
  while (lives(Number(watched)) && server.process.exitCode === null) await sleep(200)
} catch (error) {
  tell({ failed: String(error) })
  while (lives(Number(watched))) await sleep(200)
}
rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
