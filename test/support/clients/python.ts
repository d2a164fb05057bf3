import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { oneAtATime } from './one-at-a-time.ts'
import { installedIn, listedIn } from './place.ts'

/** A Python with exactly the packages of test/clients/NAME/requirements.txt: fetched by whoever asks first, and again when that has changed. */
export function pythonWith(name: string): string {
  const folder = installedIn(name)
  oneAtATime(join(folder, 'python.lock'), () => installOnce(name, join(folder, 'python')))
  return programOf(join(folder, 'python'))
}

function installOnce(name: string, folder: string): void {
  const list = join(listedIn(name), 'requirements.txt')
  const done = join(folder, 'installed.txt')
  if (existsSync(done) && readFileSync(done, 'utf8') === readFileSync(list, 'utf8') && runs(programOf(folder))) return
  console.error(`Fetching the packages of test/clients/${name} into .engines/clients/${name}/python/ (once)`)
  rmSync(folder, { recursive: true, force: true })
  run(findPython(), ['-m', 'venv', folder])
  // Wheels alone: nobody needs a compiler for this.
  const flags = ['--require-hashes', '--only-binary', ':all:', '--no-input', '--disable-pip-version-check', '--quiet']
  run(programOf(folder), ['-m', 'pip', 'install', ...flags, '--requirement', list])
  writeFileSync(done, readFileSync(list))
}

const programOf = (environment: string) => join(environment, 'bin', 'python')

/** The list was made for 3.10 and newer; Debian has `ensurepip` in a package of its own. */
const FIT = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'

const SYSTEM = '/usr/bin/python3'
const INSTALL = ['apt-get', 'install', '--yes', '--no-install-recommends', 'python3-venv'] as const

/** One that is fit to make environments; installed now, if need be and we may. */
export function findPython(): string {
  const fit = ['python3', SYSTEM].find(isFit)
  if (fit) return fit
  if (process.getuid?.() === 0) installPython()
  if (isFit(SYSTEM)) return SYSTEM
  throw new Error(`These tests want Python 3.10 or newer with venv: sudo apt-get update && sudo ${INSTALL.join(' ')}`)
}

function installPython(): void {
  console.error(`No Python 3.10 with venv is here: ${INSTALL.join(' ')}`)
  // A PATH that hides the system's programs hides apt's own, too.
  const env = { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' }
  for (const [command, ...flags] of [['apt-get', 'update'], INSTALL] as const) {
    spawnSync(command, flags, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  }
}

const isFit = (python: string): boolean => spawnSync(python, ['-c', FIT], { stdio: 'ignore' }).status === 0

const runs = (python: string): boolean => spawnSync(python, ['-c', ''], { stdio: 'ignore' }).status === 0

function run(program: string, flags: readonly string[]): void {
  const { status, error, stdout, stderr } = spawnSync(program, flags, { encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`${program} ${flags.join(' ')} failed:\n${error?.message ?? `${stdout}${stderr}`}`)
}
