import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** How the same request comes again. */
export type How = 'with a key' | 'without a key' | 'as a client'

const HOW: Readonly<Record<How, string>> = {
  'with a key': 'with an Idempotency-Key',
  'without a key': 'without an Idempotency-Key',
  'as a client': "the client's own retry",
}

/** One kill, and what was found after it. */
export interface Kill {
  readonly scene: string
  readonly how: How
  readonly at: number
  /** Where: before, during or after what. */
  readonly point: string
  readonly found: string
  /** What the same request got when it was sent again. */
  readonly repeat: string
}

const fileOf = (page: string) => fileURLToPath(new URL(`../../docs/${page}`, import.meta.url))

/** Writes a page of docs/, where `ROLECALL_DRILL_REPORT` asks for it. */
export function writeReport(kills: readonly Kill[], server: string, page: string): void {
  if (!process.env.ROLECALL_DRILL_REPORT || kills.length === 0) return
  const passes = [...Map.groupBy(kills, ({ scene, how }) => `${scene}, ${HOW[how]}`)]
  const lines = [...head(kills.length, server), ...passes.map(summary), '', '## Every kill', '']
  writeFileSync(fileOf(page), [...lines, ...passes.flatMap(details)].join('\n'))
}

function head(count: number, server: string): readonly string[] {
  return [
    '# The crash drill',
    '',
    '<!-- Written by test/crash: ROLECALL_DRILL_REPORT=1 npm run test:crash -->',
    '',
    'A whole Rolecall is killed with SIGKILL at every point where a statement is about to be sent, has been sent, or has been',
    'answered, and before and after every commit of its store; then it is started again on the same folder. Nothing is listed by hand:',
    'whatever is sent or committed is a point. After each kill the test looks at the server and at the store: all of the change is',
    'there or nothing of it, nothing carries the mark of an operation that was undone, and no operation is left open. Then the same',
    "request is sent again. In DigitalOcean's words it is sent by a client as theirs are: again where it was cut off, and never where it",
    'was answered.',
    '',
    `${count} kills on ${server}. What the words mean: **nothing**, the kill came before the ledger knew of the change (or, for a change of`,
    'the store alone, before it committed); **undone**, the ledger knew and the server had nothing of it; **settled**, all of it was done.',
    '',
    '| Change | Killed at | Found | The same request again |',
    '|---|---|---|---|',
  ]
}

function summary([title, kills]: readonly [string, readonly Kill[]]): string {
  const found = tally(kills.map(kill => kill.found))
  const repeats = tally(kills.map(kill => `${kill.found} → ${kill.repeat}`))
  return `| ${title} | ${kills.length} points | ${found} | ${repeats} |`
}

function tally(texts: readonly string[]): string {
  const counts = [...Map.groupBy(texts, text => text)].map(([text, all]) => `${all.length} × ${text}`)
  return counts.sort((a, b) => (a.split('× ')[1]! < b.split('× ')[1]! ? -1 : 1)).join('<br>')
}

function details([title, kills]: readonly [string, readonly Kill[]]): readonly string[] {
  const rows = kills.toSorted((a, b) => a.at - b.at)
  const lines = rows.map(
    ({ at, point, found, repeat }) => `| ${at} | ${point.replaceAll('|', '\\|')} | ${found} | ${repeat} |`,
  )
  const table = ['| | Killed | Found | Again |', '|---|---|---|---|', ...lines]
  return ['<details>', `<summary>${title}</summary>`, '', ...table, '', '</details>', '']
}
