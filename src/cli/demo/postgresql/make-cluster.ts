import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../../exit-codes.ts'
import { MANAGING_LOGIN, type Making } from '../product.ts'
import { runToEnd } from '../running/child.ts'
import { writeFor } from '../running/home.ts'

/** Runs initdb. */
export async function makeCluster(native: string, { data, account, password, secretFile, running }: Making) {
  writeFor(account, secretFile, password)
  try {
    const flags = [...FLAGS, `--pgdata=${data}`, `--pwfile=${secretFile}`]
    const { isFine, words } = await runToEnd(join(native, 'bin', 'initdb'), flags, account, { running })
    if (!isFine) throw failed(words)
  } finally {
    rmSync(secretFile, { force: true })
  }
}

const FLAGS = [
  `--username=${MANAGING_LOGIN}`,
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--no-instructions',
]

function failed(words: string): Problem {
  return new Problem(
    'demoDatabase',
    `PostgreSQL could not make its cluster:\n${words}`,
    'Try another folder: --data FOLDER',
  )
}
