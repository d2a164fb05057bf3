import { resolve } from 'node:path'
import { Value } from 'typebox/value'
import { Secret } from '../../domain/secret.ts'
import { parsePorts } from '../../services/network/network-policy.ts'
import { parseEndpoint, parseNetwork } from '../../services/network/networks.ts'
import { SETTINGS, type SettingName } from '../../settings/names.ts'
import type { Settings } from '../../settings/settings.ts'
import type { Shape } from '../../settings/values.ts'
import { Problem } from '../exit-codes.ts'
import { readSettingsFile } from './file.ts'
import { checkTls } from './tls-files.ts'

/** What the command line said: texts under the names of flags (`--port`). */
export type Flags = Readonly<Record<string, string | undefined>>
export type Variables = Readonly<Record<string, string | undefined>>

/** What a command has instead of the built-in value, by key. */
export type Initial = Readonly<Record<string, unknown>>

interface Sources {
  readonly flags: Flags
  readonly variables: Variables
  readonly file: ReadonlyMap<string, Said>
  readonly own: Initial
}

interface Said {
  readonly value: unknown
  /** Where it was said: `--port`, `ROLECALL_PORT` or `port in /etc/rolecall.yaml`. */
  readonly source: string
}

/** Every setting decided: flags, then variables, then rolecall.yaml, then what is built in. Throws a `Problem` that names the bad one. */
export function loadSettings(flags: Flags, own: Initial = {}, variables: Variables = process.env): Settings {
  const start = SETTINGS.find(({ key }) => key === 'data')!
  const data = resolve(String(decide(start, { flags, variables, own, file: new Map() })))
  const file = readSettingsFile(flags['--config'] ?? variables.ROLECALL_CONFIG, data)
  const values = SETTINGS.map(name => [name.key, decide(name, { flags, variables, own, file })] as const)
  return checkTls(toSettings(new Map(values), data))
}

function decide(name: SettingName, { flags, variables, file, own }: Sources): unknown {
  const said = fromText(name, flags, name.flag) ?? fromText(name, variables, name.variable) ?? file.get(name.key)
  if (!said) return structuredClone(own[name.key] ?? name.schema.default)
  if (!isRight(name.schema, said.value)) throw badSetting(name, said)
  return said.value
}

function fromText({ schema }: SettingName, texts: Flags, source: string | undefined): Said | undefined {
  const text = source && texts[source]
  // An empty variable is how compose files and shells say "not set".
  if (!source || !text) return undefined
  return { value: parse(schema, text), source }
}

/** A text that isn't of the right type stays a text, and is refused as one. */
function parse(schema: Shape, text: string): unknown {
  if (schema.type === 'integer') return /^\d{1,15}$/.test(text) ? Number(text) : text
  if (schema.type === 'boolean') return text === 'true' || (text === 'false' ? false : text)
  if (schema.type === 'array') return text.split(',').map(part => part.trim())
  return text
}

function isRight(schema: Shape, value: unknown): boolean {
  return Value.Check(schema, value) && isWellFormed(schema, value)
}

function isWellFormed({ form }: Shape, value: unknown): boolean {
  if (form === 'url') return /^https?:$/.test(protocolOf(String(value)))
  if (form === 'store') return /^postgres(ql)?:$/.test(protocolOf(String(value)))
  const isRightOne = form && FORMS[form]
  return !isRightOne || (value as string[]).every(isRightOne)
}

/** What each text of a list has to be. */
const FORMS: Partial<Record<NonNullable<Shape['form']>, (text: string) => boolean>> = {
  networks: text => parses(parseNetwork, text),
  reach: text => parseEndpoint(text) !== undefined || parses(parseNetwork, text),
  hosts: text => /^(\*|(\*\.)?[^\s*/:@]+|[\da-f:]+)$/i.test(text),
  ports: text => parses(parsePorts, text),
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : ''
}

function parses(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}

function badSetting({ key, schema }: SettingName, { value, source }: Said): Problem {
  // The store's address holds a password, so its value is never shown.
  const shown = schema.form === 'store' ? 'its value' : JSON.stringify(value)
  const remedy = `It has to be ${schema.right}.`
  // Kubernetes sets ROLECALL_PORT=tcp://… in every pod beside a service that is called rolecall.
  const hint = String(value).startsWith('tcp://') ? ' Kubernetes set it: say enableServiceLinks: false in the pod.' : ''
  return new Problem('badSetting', `Setting ${key} is not right: ${shown}, from ${source}.`, remedy + hint)
}

function toSettings(values: ReadonlyMap<string, unknown>, data: string): Settings {
  const nested: Record<string, unknown> = {}
  for (const [key, value] of values) put(nested, key.split('.'), value)
  const { store, masterKey, tls, ...others } = nested as Record<string, unknown> & {
    tls: { cert?: string; key?: string }
  }
  return {
    ...(others as unknown as Settings),
    data,
    store: toSecret(store),
    masterKey: toSecret(masterKey),
    tls: tls.cert || tls.key ? { cert: absolute(tls.cert), key: absolute(tls.key) } : undefined,
  }
}

function put(into: Record<string, unknown>, [first = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    if (value !== undefined) into[first] = value
    return
  }
  into[first] ??= {}
  put(into[first] as Record<string, unknown>, rest, value)
}

const toSecret = (text: unknown) => (typeof text === 'string' ? new Secret(text) : undefined)
const absolute = (path: string | undefined) => (path ? resolve(path) : '')
