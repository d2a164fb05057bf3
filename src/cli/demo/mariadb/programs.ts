import { existsSync } from 'node:fs'
import { basename, delimiter, join } from 'node:path'
import { Problem } from '../../exit-codes.ts'
import { NotInstalled } from '../product.ts'
import type { Account } from '../running/account.ts'
import { runToEnd } from '../running/child.ts'

export interface MariadbPrograms {
  readonly server: string
  /** Makes the tables of a new server. */
  readonly install: string
}

/** The oldest that Rolecall manages. */
const OLDEST = [10, 6] as const

/** Asking for a version takes no longer, or the program is no good. */
const SAID_WITHIN_MS = 10_000

/** MariaDB's programs on this machine, if they can be run and are young enough. */
export async function findMariadb(account: Account): Promise<MariadbPrograms> {
  const server = programCalled('mariadbd') ?? programCalled('mysqld')
  if (!server) throw notInstalled('Neither mariadbd nor mysqld is')
  await checkVersion(server, account)
  const install = programCalled('mariadb-install-db')
  if (!install) throw useless(`there is ${server}, but no mariadb-install-db to make its tables with`)
  return { server, install }
}

async function checkVersion(server: string, account: Account): Promise<void> {
  const { isFine, words } = await runToEnd(server, ['--no-defaults', '--version'], account, {
    withinMs: SAID_WITHIN_MS,
  })
  if (!isFine) throw useless(`${server} can't be run: ${words || 'it says nothing'}`)
  const [, version, major, minor] = /((\d+)\.(\d+)[\d.]*)-MariaDB/i.exec(words) ?? []
  if (!version) throw notInstalled(`${server} is no MariaDB, and no other is`)
  if (Number(major) * 1000 + Number(minor) < OLDEST[0] * 1000 + OLDEST[1]) {
    throw useless(`${server} is version ${version}, and the demo needs ${OLDEST.join('.')} or newer`)
  }
}

/** In the folders of PATH, and in those beside a `bin` where servers are kept: PATH often leaves /usr/sbin and /usr/libexec out. */
function programCalled(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean).flatMap(withNeighbours)
  return folders.map(folder => join(folder, name)).find(path => existsSync(path))
}

function withNeighbours(folder: string): readonly string[] {
  if (basename(folder) !== 'bin') return [folder]
  return [folder, join(folder, '..', 'sbin'), join(folder, '..', 'libexec')]
}

const REMEDY = 'Install one (apt-get install mariadb-server), or leave it out: --engines postgresql'

function notInstalled(words: string): NotInstalled {
  return new NotInstalled('demoDatabase', `No MariaDB is installed: ${words} to be found.`, REMEDY)
}

function useless(words: string): Problem {
  return new Problem('demoDatabase', `The MariaDB of this machine is of no use: ${words}.`, REMEDY)
}
