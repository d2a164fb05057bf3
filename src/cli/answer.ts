import Table from 'cli-table3'
import type { Command } from 'commander'

/** A row for people: column title and what stands there. */
export type Row = Readonly<Record<string, string | undefined>>

/** Rows as a table; with `--json` the things themselves, in the shape of the native API's lists. */
export function answerList<T>(command: Command, items: readonly T[], toRow: (item: T) => Row): void {
  print(wantsJson(command) ? JSON.stringify({ items }) : tableOf(items.map(toRow)))
}

function tableOf(rows: readonly Row[]): string {
  const [first] = rows
  if (!first) return 'None.'
  const table = new Table({ head: Object.keys(first), style: { ...colours(), compact: true } })
  for (const row of rows) table.push(Object.values(row).map(text => text ?? '–'))
  return table.toString()
}

/** None into a pipe or a file, nor where the environment asks for none. */
function colours(): { readonly head: string[]; readonly border: string[] } {
  const wanted = process.stdout.isTTY && !process.env.NO_COLOR
  return wanted ? { head: ['bold'], border: ['gray'] } : { head: [], border: [] }
}

/** One thing: as JSON, or in a sentence. */
export function answerOne(command: Command, thing: object, sentence: string): void {
  print(wantsJson(command) ? JSON.stringify(thing) : sentence)
}

export function timeText(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString()
}

function wantsJson(command: Command): boolean {
  return command.opts<{ json?: boolean }>().json === true
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
