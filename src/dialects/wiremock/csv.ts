import type { Rows } from '../../domain/servers/data-source.ts'

/** Why a text is not the CSV that we take; the words are for the caller. */
export class WrongCsv extends Error {}

/** RFC 4180 with a header row: quotes, doubled quotes, line breaks in quotes; lines end with or without a carriage return. */
export function rowsOfCsv(text: string): Rows {
  const [header, ...rows] = recordsOf(text.replace(/^\uFEFF/, ''))
  if (!header || header.some(name => name.trim() === '')) throw new WrongCsv('The first row must name every column')
  if (new Set(header).size < header.length) throw new WrongCsv('Each column must have a name of its own')
  const wrong = rows.findIndex(row => row.length !== header.length)
  if (wrong >= 0) throw new WrongCsv(`Row ${wrong + 2} has ${rows[wrong]!.length} cells; it must have ${header.length}`)
  return { columns: header.map(name => ({ name })), rows }
}

/** One cell and what ends it. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y

function recordsOf(text: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  CELL.lastIndex = 0
  while (CELL.lastIndex < text.length || record.length > 0) {
    const found = CELL.exec(text)
    if (!found) throw new WrongCsv(`Row ${records.length + 1} has a quote where none can be`)
    const [, quoted, plain = '', end] = found
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if (end === ',') continue
    records.push(record)
    record = []
    if (end === '') break
  }
  return records
}
