import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect } from 'vitest'

/** One kill, and what was found after it. */
export interface Kill {
  readonly at: number
  /** Where: before, during or after what. */
  readonly point: string
  readonly found: string
  /** What the same request got when it was sent again. */
  readonly repeat: string
}

/** One row of the report's table. */
export interface Pass {
  readonly title: string
  readonly kills: readonly Kill[]
}

/** What one test file has to tell. */
export interface Part {
  /** Its section. */
  readonly server: string
  readonly passes: readonly Pass[]
}

/** Where parts wait until every test file has ended; unset where nobody asked for a report. */
export const PARTS = 'ROLECALL_DRILL_PARTS'

/** Keeps a test file's part of the report. What failed is not among its passes: without all of those that are `wanted` there is no part. */
export function tellReport({ wanted, ...part }: Part & { readonly wanted: number }): void {
  const folder = process.env[PARTS]
  if (!folder || part.passes.length < wanted) return
  writeFileSync(join(folder, `${basename(expect.getState().testPath!)}.json`), JSON.stringify(part))
}

export const partIn = (folder: string, testFile: string): Part =>
  JSON.parse(readFileSync(join(folder, `${testFile}.json`), 'utf8'))

/** docs/crash-drill.md of all parts. */
export function pageOf(parts: readonly Part[]): string {
  const servers = [...Map.groupBy(parts, ({ server }) => server)]
    .map(([server, own]): Part => ({ server, passes: own.flatMap(({ passes }) => passes) }))
    .sort((a, b) => b.passes.length - a.passes.length || (a.server < b.server ? -1 : 1))
  const lines = [...HEAD, ...servers.flatMap(table), '## Every kill', '', ...servers.flatMap(everyKill)]
  return lines.join('\n')
}

const HEAD = [
  '# The crash drill',
  '',
  '<!-- Written by test/crash: ROLECALL_DRILL_REPORT=1 npm run test:crash -->',
  '',
  'A whole Rolecall is killed with SIGKILL at every point where a statement is about to be sent, has been sent, or has been',
  'answered, and before and after every commit of its store; then it is started again on the same folder. Nothing is listed by hand:',
  'whatever is sent or committed is a point. After each kill the test looks at the server and at the store: all of the change is',
  'there or nothing of it, nothing carries the mark of an operation that was undone, and no operation is left open. Then the same',
  "request is sent again. In DigitalOcean's words it is sent by a client as theirs are: again where it was cut off, and never where it",
  'was answered. What goes by itself, because its time is over, is asked for by nobody: the next start has to finish it.',
  '',
  'What the words mean: **nothing**, the kill came before the ledger knew of the change (or, for a change of the store alone, before it',
  'committed); **undone**, the ledger knew and the server had nothing of it; **settled**, all of it was done. Every row is of one run.',
  '',
]

function table({ server, passes }: Part): readonly string[] {
  const count = passes.reduce((sum, { kills }) => sum + kills.length, 0)
  return [
    `## ${count} kills on ${server}`,
    '',
    '| Change | Killed at | Found | The same request again |',
    '|---|---|---|---|',
    ...passes.map(row),
    '',
  ]
}

function row({ title, kills }: Pass): string {
  const found = tally(kills.map(kill => kill.found))
  const repeats = tally(kills.map(kill => `${kill.found} → ${kill.repeat}`))
  return `| ${title} | ${kills.length} points | ${found} | ${repeats} |`
}

function tally(texts: readonly string[]): string {
  const counts = [...Map.groupBy(texts, text => text)].map(([text, all]) => `${all.length} × ${text}`)
  return counts.sort((a, b) => (a.split('× ')[1]! < b.split('× ')[1]! ? -1 : 1)).join('<br>')
}

function everyKill({ server, passes }: Part): readonly string[] {
  return [`### On ${server}`, '', ...passes.flatMap(details)]
}

function details({ title, kills }: Pass): readonly string[] {
  const rows = kills.toSorted((a, b) => a.at - b.at)
  const lines = rows.map(
    ({ at, point, found, repeat }) => `| ${at} | ${point.replaceAll('|', '\\|')} | ${found} | ${repeat} |`,
  )
  const table = ['| | Killed | Found | Again |', '|---|---|---|---|', ...lines]
  return ['<details>', `<summary>${title}</summary>`, '', ...table, '', '</details>', '']
}
