import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** One level below the root, as dist/ is: what is found from a module's place is found from here, too. */
const HOME = join(ROOT, '.engines')

/** Compiled code, kept from one process to the next. */
export const COMPILED = join(tmpdir(), 'rolecall-tests-compiled')

const DAY_MS = 86_400_000

/** Add-ons find their binary beside themselves; `pg` only asks whether pg-native is there. */
const LEFT_WHERE_THEY_ARE = /^(better-sqlite3|pg-native|mongodb)($|\/)/

const made = new Map<string, Promise<string>>()

/**
 * One file of an entry and all that it imports, made as dist/ is, and anew when anything in src/ or test/ changed: hundreds of processes
 * are started from it, and finding and reading two thousand files would be most of what each of them does.
 */
export function bundled(entry: URL): Promise<string> {
  const path = fileURLToPath(entry)
  const known = made.get(path) ?? bundle(path)
  made.set(path, known)
  return known
}

async function bundle(entry: string): Promise<string> {
  const name = basename(entry, '.ts')
  const file = join(HOME, `${name}-${fingerprint(entry)}.mjs`)
  if (existsSync(file)) return file
  mkdirSync(HOME, { recursive: true })
  removeOld(name)
  // Two workers may both come first: whoever is done last takes the other's place, and nobody sees half a file.
  const unfinished = `${file}.${process.pid}`
  const parts = await rolldown({ input: entry, platform: 'node', external: LEFT_WHERE_THEY_ARE, logLevel: 'silent' })
  await parts.write({ file: unfinished, format: 'esm', keepNames: true, codeSplitting: false })
  await parts.close()
  renameSync(unfinished, file)
  return file
}

/** Names, sizes and times say enough. */
function fingerprint(entry: string): string {
  const hash = createHash('sha256').update(entry)
  for (const folder of ['src', 'test', 'package-lock.json'].map(name => join(ROOT, name)))
    for (const file of filesIn(folder)) {
      const { size, mtimeMs } = statSync(file)
      hash.update(`${file} ${size} ${mtimeMs}\n`)
    }
  return hash.digest('hex').slice(0, 12)
}

function filesIn(place: string): readonly string[] {
  if (!statSync(place).isDirectory()) return [place]
  return readdirSync(place, { recursive: true, encoding: 'utf8' })
    .map(name => join(place, name))
    .sort()
}

/** A run that is under way may still start processes of what it made. */
function removeOld(name: string): void {
  const old = readdirSync(HOME).filter(file => file.startsWith(`${name}-`))
  for (const file of old.map(name => join(HOME, name)))
    if (statSync(file).mtimeMs < Date.now() - DAY_MS) rmSync(file, { force: true })
}
