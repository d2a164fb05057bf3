import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PACKAGE_FOLDER } from '../../../version.ts'
import { Problem } from '../../exit-codes.ts'
import { NotInstalled, type Seeking } from '../product.ts'
import type { Account } from '../running/account.ts'
import { runToEnd } from '../running/child.ts'
import { dataFolderOf } from '../running/home.ts'

/** The server and all that it needs, each with its hash. */
const LIST = new URL('src/cli/demo/mongodb/secantusdb.txt', PACKAGE_FOLDER)

/** In the demo's folder. */
const PROGRAMS = 'mongodb-programs'

/** Fetching it over a slow line takes no longer. */
const FETCHED_WITHIN_MS = 600_000
/** Asking an interpreter what it is takes no longer, or it is no good. */
const SAID_WITHIN_MS = 10_000

/** A Python that has the server, once it was fetched. */
export function pythonIn(folder: string): string {
  return join(dataFolderOf(folder, PROGRAMS), 'bin', 'python')
}

/** The same; fetched now, if it may be and has not been. */
export async function findPython({ account, folder, mayFetch, running }: Seeking): Promise<string> {
  const python = pythonIn(folder)
  const list = readFileSync(LIST, 'utf8')
  const done = join(dataFolderOf(folder, PROGRAMS), 'fetched.txt')
  const isDone = existsSync(done) && readFileSync(done, 'utf8') === list && (await runs(python, HAS_IT, account))
  if (isDone) return python
  if (!mayFetch) throw notInstalled('what an earlier start has fetched is not there any more')
  await fetchInto(dataFolderOf(folder, PROGRAMS), await pythonOf(account), running)
  if (!(await runs(python, HAS_IT, account))) throw failed('what was fetched does not run')
  // Last: one that was cut short is fetched anew.
  writeFileSync(done, list)
  return python
}

const HAS_IT = 'import secantus.cli'

/** By this process's own account: the one that runs the server can't change its program. */
async function fetchInto(programs: string, python: string, running: AsyncDisposableStack): Promise<void> {
  process.stderr.write('rolecall: fetching SecantusDB from PyPI into the folder of the demo, once…\n')
  rmSync(programs, { recursive: true, force: true, maxRetries: 5 })
  mkdirSync(programs)
  chmodSync(programs, 0o755)
  // Wheels alone: nothing of them runs here, and nobody needs a compiler.
  const flags = ['--require-hashes', '--only-binary', ':all:', '--no-input', '--no-cache-dir', '--quiet']
  const list = fileURLToPath(LIST)
  await run([python, '-m', 'venv', programs], running)
  await run([join(programs, 'bin', 'python'), '-m', 'pip', 'install', ...flags, '--requirement', list], running)
}

/** Others may read what it makes: the account of servers is one of them. */
async function run(command: readonly string[], running: AsyncDisposableStack): Promise<void> {
  const script = ['-c', 'umask 022; exec "$0" "$@"', ...command]
  const more = settingsOfPip()
  const { isFine, words } = await runToEnd('/bin/sh', script, {}, { running, withinMs: FETCHED_WITHIN_MS, more })
  if (!isFine) throw failed(words)
}

/** Which index, which proxy, which certificates. */
function settingsOfPip(): Readonly<Record<string, string | undefined>> {
  const isOne = (name: string) => /^(PIP_.*|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE)$/i.test(name)
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => isOne(name)))
}

/** The list was made for 3.10 and newer; Debian has `ensurepip` in a package of its own. */
const FIT = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'

/** One that the account of servers can run: what is first in PATH may be in somebody's home. */
async function pythonOf(account: Account): Promise<string> {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  for (const python of folders.map(folder => join(folder, 'python3'))) {
    if (existsSync(python) && (await runs(python, FIT, account))) return python
  }
  throw notInstalled('there is no Python 3.10 or newer that `python3 -m venv` works with')
}

async function runs(python: string, code: string, account: Account): Promise<boolean> {
  return (await runToEnd(python, ['-c', code], account, { withinMs: SAID_WITHIN_MS })).isFine
}

const LEAVE_OUT = 'or leave it out: --engines postgresql'

function notInstalled(words: string): NotInstalled {
  const remedy = `Install one (apt-get install python3-venv) and start with --engines postgresql,mongodb, ${LEAVE_OUT}`
  return new NotInstalled('demoDatabase', `SecantusDB is not installed: ${words}.`, remedy)
}

function failed(words: string): Problem {
  const last = words.split('\n').slice(-5).join('\n')
  const remedy = `It comes from PyPI, by way of pip and its settings. Try again, ${LEAVE_OUT}`
  return new Problem('demoDatabase', `SecantusDB could not be fetched:\n${last}`, remedy)
}
