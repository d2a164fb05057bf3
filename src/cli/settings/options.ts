import { type Command, Option } from 'commander'
import { SETTINGS, type SettingName } from '../../settings/names.ts'
import type { Flags, Initial } from './load.ts'

/** Gives a command a flag for every setting that it `has`; `--help` tells all of its names. */
export function addSettingOptions(
  command: Command,
  own: Initial = {},
  has: (key: string) => boolean = () => true,
): Command {
  for (const name of SETTINGS.filter(({ key }) => has(key))) {
    if (name.flag) command.addOption(optionFor(name, own))
  }
  command.option('--config <file>', 'settings file; without it rolecall.yaml in the data folder (ROLECALL_CONFIG)')
  return command.addHelpText('after', AFTER)
}

/** What was given on the command line, by flag. */
export function flagsOf(command: Command): Flags {
  const values = command.opts<Record<string, string | undefined>>()
  return Object.fromEntries(command.options.map(option => [option.long ?? '', values[option.attributeName()]]))
}

const AFTER = `
A flag is stronger than a variable, a variable stronger than rolecall.yaml. Dots in a key are levels:
  network:
    allow: [10.0.0.0/8]
Lists are written with commas, and their flags may be given more than once.
Only as a variable: ROLECALL_MASTER_KEY, the key(s) that seal what is stored (32 bytes as base64 or hex; several
with commas, the current one first). Without it, master.key in the data folder is made at the first start.`

function optionFor({ key, flag, variable, inFile, usual, schema }: SettingName, own: Initial): Option {
  const names = inFile ? `${variable}, ${key}` : variable
  const initial = own[key] ?? usual
  const ending = initial === undefined || String(initial) === '' ? '' : `; default ${initial}`
  const values = schema.enum || schema.pattern ? `: ${schema.right}` : ''
  const about = `${schema.description}${values} (${names}${ending})`
  const option = new Option(`${flag} <${placeholderFor(schema.type)}>`, about)
  const group = GROUPS[key.split('.')[0]!]
  if (group) option.helpGroup(`${group}:`)
  if (schema.type !== 'array') return option
  return option.argParser((value: string, before: string | undefined) => (before ? `${before},${value}` : value))
}

/** Headings over settings that belong together, by the first part of their keys. */
const GROUPS: Readonly<Record<string, string>> = {
  network: 'Which database servers may be connected to',
  credentials: 'Which database servers may be connected to',
  policy: 'Policy, where projects and instances say nothing else',
  limits: 'Limits and deadlines',
  timeouts: 'Limits and deadlines',
  trove: 'The Trove API',
  atlas: 'The Atlas API',
}

function placeholderFor(type: string | undefined): string {
  if (type === 'integer') return 'number'
  if (type === 'boolean') return 'true|false'
  return type === 'array' ? 'list' : 'text'
}
