import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import type { Caller } from '../domain/callers/caller.ts'
import type { Project } from '../domain/callers/project.ts'
import type { Settings } from '../settings/settings.ts'
import { storeOptions } from '../settings/store.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/store.ts'
import { commandCaller, everything } from './command-caller.ts'
import { Problem } from './exit-codes.ts'
import { loadSettings } from './settings/load.ts'
import { addSettingOptions, flagsOf } from './settings/options.ts'

/** What a command of the administrator works with. */
export interface OnStore {
  readonly store: Store
  readonly caller: Caller
}

/** Flags that every such command has: where the store is, and in which form to answer. */
export function addStoreOptions(command: Command): Command {
  command.option('--json', 'answer in JSON, for programs')
  return addSettingOptions(command, {}, key => key === 'data' || key === 'store')
}

/** Opens the store beside a server that may be running on it, and closes it again. */
export async function onStore(command: Command, work: (at: OnStore) => Promise<void>): Promise<void> {
  const settings = loadSettings(flagsOf(command))
  checkIsThere(settings)
  const store = await openStore(storeOptions(settings, false))
  try {
    await work({ store, caller: await commandCaller(store) })
  } finally {
    await store.close()
  }
}

/** Opening would make a new, empty store, and the answer would be about that one. */
function checkIsThere({ store, data }: Settings): void {
  if (store || existsSync(join(data, 'rolecall.db'))) return
  throw new Problem('refused', `There is no Rolecall in ${data}.`, 'Name its folder: --data FOLDER or ROLECALL_DATA')
}

/** By id, alias or name; without one, the only one there is. */
export async function projectNamed(store: Store, text: string | undefined): Promise<Project> {
  const all = await everything(page => store.read.projects.list(page))
  const found = text === undefined ? all : all.filter(({ id, alias, name }) => [id, alias, name].includes(text))
  if (found.length === 1) return found[0]!
  if (text === undefined) throw new Problem('refused', `There are ${all.length} projects.`, 'Name one: --project ID')
  if (found.length === 0) throw new Problem('refused', `No project ${text}.`, 'rolecall projects list tells them.')
  throw new Problem('refused', `${found.length} projects are called ${text}.`, 'Name one by its id.')
}
