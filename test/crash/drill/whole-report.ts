import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PARTS, pageOf, partIn } from './report.ts'

const DRILLS = fileURLToPath(new URL('..', import.meta.url))
const PAGE = fileURLToPath(new URL('../../../docs/crash-drill.md', import.meta.url))

/** Before any test file: where `ROLECALL_DRILL_REPORT` asks for the page, every drill leaves its part of it in one folder. */
export function setup(): void {
  if (!process.env.ROLECALL_DRILL_REPORT) return
  if (process.env.ROLECALL_DRILL !== 'all') throw new Error('The report is of every point: npm run test:crash')
  process.env[PARTS] = mkdtempSync(join(tmpdir(), 'rolecall-drill-parts-'))
}

/** After the last: the page is written whole, of one run, or not at all. */
export function teardown(): void {
  const folder = process.env[PARTS]
  if (!folder) return
  // Users come first that way, and the words of other APIs last.
  const drills = readdirSync(DRILLS).filter(file => file.endsWith('-drill.test.ts'))
  drills.sort().reverse()
  const missing = drills.filter(file => !existsSync(join(folder, `${file}.json`)))
  if (missing.length === 0) writeFileSync(PAGE, pageOf(drills.map(file => partIn(folder, file))))
  rmSync(folder, { recursive: true })
  if (missing.length > 0) throw new Error(`docs/crash-drill.md stays as it is: nothing whole came of ${missing}`)
}
