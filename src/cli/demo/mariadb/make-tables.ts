import { createHash } from 'node:crypto'
import { Problem } from '../../exit-codes.ts'
import { MANAGING_LOGIN, type Making } from '../product.ts'
import { runToEnd } from '../running/child.ts'
import { writeFor } from '../running/home.ts'
import { SIZES } from './settings.ts'

/** Runs mariadb-install-db. The managing login is made by the first start, which finds its statements in a file. */
export async function makeTables(install: string, { data, account, password, secretFile, running }: Making) {
  const { isFine, words } = await runToEnd(install, [...FLAGS, `--datadir=${data}`], account, { running })
  if (!isFine) throw failed(words)
  writeFor(account, secretFile, `${firstStatements(password).join(';\n')};\n`)
}

const FLAGS = [
  '--no-defaults',
  '--skip-test-db',
  // Without this, root could log in from anywhere on this machine without a password until the first start.
  '--auth-root-authentication-method=socket',
  '--auth-root-socket-user=root',
  // No name of this machine is looked up.
  '--skip-name-resolve',
  '--force',
  ...SIZES,
]

/** The server gets a hash, since it logs statements that it refuses. Its own root goes: the managing login may do everything. */
function firstStatements(password: string): readonly string[] {
  return [
    `create user if not exists '${MANAGING_LOGIN}'@'%' identified via mysql_native_password using '${hashOf(password)}'`,
    `grant all privileges on *.* to '${MANAGING_LOGIN}'@'%' with grant option`,
    `drop user if exists 'root'@'localhost'`,
  ]
}

function hashOf(password: string): string {
  const once = createHash('sha1').update(password).digest()
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`
}

function failed(words: string): Problem {
  const last = words.split('\n').slice(-5).join('\n')
  return new Problem(
    'demoDatabase',
    `MariaDB could not make its tables:\n${last}`,
    'Leave it out: --engines postgresql',
  )
}
