import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { LineCounter, parseDocument } from 'yaml'
import { SETTINGS } from '../../settings/names.ts'
import { Problem } from '../exit-codes.ts'

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

function parseFile(path: string): unknown {
  const document = parseDocument(read(path), { lineCounter: new LineCounter() })
  const [error] = document.errors
  if (error) throw new Problem('badSetting', `${path} can't be read: ${error.message}`, 'Mend it; it has to be YAML.')
  const value: unknown = document.toJS({ maxAliasCount: 0 })
  if (value === null || isMap(value)) return value ?? {}
  throw new Problem('badSetting', `${path} holds no settings.`, 'Write lines such as "port: 8480".')
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
  if (!name) {
    const known = SETTINGS.filter(one => one.inFile).map(one => one.key)
    throw new Problem('badSetting', `Setting ${key} in ${path} is unknown.`, `Known ones: ${known.join(', ')}.`)
  }
  const where = name.flag ? `${name.flag} or ${name.variable}` : name.variable
  throw new Problem('badSetting', `Setting ${key} can't stand in ${path}.`, `Say it by ${where}.`)
}
