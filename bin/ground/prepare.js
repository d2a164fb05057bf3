import { buildIfNeeded } from './build.js'
import { installIfNeeded } from './install.js'
import { linkPostgres } from './postgres-links.js'

/** Everything between a fresh clone and a Rolecall that can start. Does nothing, quickly, when nothing changed. */
export async function prepare() {
  await installIfNeeded()
  linkPostgres()
  await buildIfNeeded()
}
