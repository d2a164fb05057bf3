import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startInstance } from './instance.ts'

/** Keeps one server running for as long as the test run lives: `node keeper.ts FOLDER PID`, in a process of its own. */
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
  await using server = await startInstance(join(folder, 'instance'))
  tell({ port: server.port })
  while (lives(Number(watched)) && server.process.exitCode === null) await sleep(200)
} catch (error) {
  tell({ failed: String(error) })
  while (lives(Number(watched))) await sleep(200)
}
rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
