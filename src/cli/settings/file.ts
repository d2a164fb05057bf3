import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { SETTINGS } from '../../settings/names.ts'
import { Problem } from '../exit-codes.ts'
import { nearest } from './nearest.ts'

/** What rolecall.yaml says, by dotted key: the file of `--config`, else the one in the data folder, if there is one. */
export function readSettingsFile(
  config: string | undefined,
  data: string,
): ReadonlyMap<string, { value: unknown; source: string }> {
  const path = config ? resolve(config) : join(data, 'rolecall.yaml')
  if (!config && !existsSync(path)) return new Map()
  const said = [...leavesOf(parseFile(path))]
  for (const [key] of said) checkKey(key, path)
  return new Map(said.map(([key, value]) => [key, { value, source: `${key} in ${path}` }]))
}

/** The parser shows the line that it stumbled over, which may be the one with the store's password: its place is told alone. */
function parseFile(path: string): unknown {
  const lines = new LineCounter()
  const document = parseDocument(read(path), { lineCounter: lines, prettyErrors: false })
  const [error] = document.errors
  if (error) throw notYaml(path, lines.linePos(error.pos[0]))
  const value = withoutAliases(document, path)
  if (value === null || isMap(value)) return value ?? {}
  throw new Problem('badSetting', `${path} holds no settings.`, 'Write lines such as "port: 8480".')
}

function withoutAliases(document: Document.Parsed, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    throw new Problem(
      'badSetting',
      `${path} can't be read: it has an alias.`,
      'Mend it; it has to be YAML without any.',
    )
  }
}

function notYaml(path: string, { line, col }: { readonly line: number; readonly col: number }): Problem {
  return new Problem(
    'badSetting',
    `${path} can't be read: it is no YAML from line ${line}, column ${col} on.`,
    'Mend it; it has to be YAML, with every setting once.',
  )
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Problem('badSetting', `${path} can't be read: ${(error as Error).message}`, 'Name a file that is there.')
  }
}

function* leavesOf(value: unknown, above = ''): Generator<readonly [string, unknown]> {
  for (const [key, one] of Object.entries(value as Record<string, unknown>)) {
    const path = above ? `${above}.${key}` : key
    if (isMap(one)) yield* leavesOf(one, path)
    else if (one !== null) yield [path, one]
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function checkKey(key: string, path: string): void {
  const name = SETTINGS.find(one => one.key === key)
  if (name?.inFile) return
  if (!name) throw unknownSetting(key, path)
  const where = name.flag ? `${name.flag} or ${name.variable}` : name.variable
  throw new Problem('badSetting', `Setting ${key} can't stand in ${path}.`, `Say it by ${where}.`)
}

/** What looks like no key is not told again: it may be a value in the wrong place, and a secret one. */
function unknownSetting(key: string, path: string): Problem {
  const known = SETTINGS.filter(one => one.inFile).map(one => one.key)
  const below = known.filter(one => one.startsWith(`${key}.`))
  const [what, meant] = /^[\w.-]{1,64}$/.test(key) ? [`Setting ${key}`, nearest(key, known)] : ['A setting']
  const remedy =
    below.length > 0 ? `It has settings of its own: ${below.join(', ')}.` : 'rolecall serve --help tells all.'
  return new Problem('badSetting', `${what} in ${path} is unknown.`, meant ? `Did you mean ${meant}?` : remedy)
}
