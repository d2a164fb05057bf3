import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

/** What the clients of that name are: lists with exact versions and hashes. */
export const listedIn = (name: string): string => join(ROOT, 'test', 'clients', name)

/** Where they are installed, outside of the project's own packages. */
export function installedIn(name: string): string {
  const folder = join(ROOT, '.engines', 'clients', name)
  mkdirSync(folder, { recursive: true })
  return folder
}
