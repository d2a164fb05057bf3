import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Debian's server without its service: nothing is started but what a test starts. */
const INSTALL = [
  'apt-get',
  'install',
  '--yes',
  '--no-install-recommends',
  'mariadb-server-core',
  'mariadb-client-core',
] as const

/** What a private server needs. */
export interface Programs {
  readonly server: string
  readonly install: string
}

/** MariaDB's programs of this machine; as root, a missing server installs itself. */
export function mariadbPrograms(): Programs {
  const found = find()
  if (found) return found
  if (process.getuid?.() === 0) installMariadb()
  const installed = find()
  if (installed) return installed
  throw new Error(
    `These tests want MariaDB: sudo apt-get update && sudo ${INSTALL.join(' ')}, or narrow with ENGINES=postgresql`,
  )
}

function find(): Programs | undefined {
  const [server, install] = [programAt('mariadbd'), programAt('mariadb-install-db')]
  return server && install ? { server, install } : undefined
}

function programAt(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/usr/bin']
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

function installMariadb(): void {
  console.error(`No MariaDB is here: ${INSTALL.join(' ')}`)
  // A PATH that hides the system's programs hides apt's own, too.
  const env = { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' }
  for (const [command, ...flags] of [['apt-get', 'update'], INSTALL] as const) {
    spawnSync(command, flags, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  }
}

const PLUGINS = join('usr', 'lib', 'mysql', 'plugin')
const FETCHED = fileURLToPath(new URL('../../../.engines/mariadb', import.meta.url))

const DOWNLOAD = ['apt-get', 'download', 'mariadb-server'] as const

/** Plug-ins are in the package of the service, which is fetched and unpacked, but not installed. */
export function mariadbPlugins(): string {
  const known = [join('/', PLUGINS), join(FETCHED, PLUGINS)].find(folder =>
    existsSync(join(folder, 'simple_password_check.so')),
  )
  if (known) return known
  console.error('Fetching the plug-ins of MariaDB into .engines/mariadb/ (once)')
  mkdirSync(FETCHED, { recursive: true })
  fetching(DOWNLOAD)
  const [archive] = readdirSync(FETCHED).filter(name => name.endsWith('.deb'))
  if (!archive)
    throw new Error('These tests want plug-ins of MariaDB: apt-get download mariadb-server in .engines/mariadb/')
  fetching(['dpkg-deb', '--extract', archive, '.'])
  return join(FETCHED, PLUGINS)
}

function fetching([command, ...flags]: readonly [string, ...string[]]): void {
  spawnSync(command, flags, { cwd: FETCHED, stdio: ['ignore', 'ignore', 'inherit'] })
}
