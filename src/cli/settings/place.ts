import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Settings } from '../../settings/settings.ts'
import { storeOptions } from '../../settings/store.ts'
import type { StorePlace } from '../../store/keeping/place.ts'
import { Problem } from '../exit-codes.ts'
import { loadSettings } from './load.ts'
import { flagsOf } from './options.ts'

/** The settings of a command, and the place of the store that they name. */
export function settledPlace(command: Command): { readonly settings: Settings; readonly place: StorePlace } {
  const settings = loadSettings(flagsOf(command))
  const { url, folder } = storeOptions(settings, false)
  return { settings, place: url === undefined ? { folder } : { url } }
}

/** A data folder, a `postgres://` address, or `env:NAME` of a variable that holds one: an address has a password in it. */
export function placeFrom(
  text: string,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): StorePlace {
  if (!text.startsWith('env:')) return plainPlace(text)
  const value = variables[text.slice(4)]
  if (value) return plainPlace(value)
  throw new Problem(
    'usage',
    `The variable ${text.slice(4)} is not set.`,
    'Put the address or folder of the store in it.',
  )
}

function plainPlace(text: string): StorePlace {
  if (!/^[a-z]+:\/\/|:[^/]*@/i.test(text)) return { folder: resolve(text) }
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return { url: text }
  // Not shown: what is nearly an address has a password in it too.
  throw new Problem(
    'usage',
    'That is no place for a store.',
    'Name a folder, or postgres://user:password@host:5432/database',
  )
}
