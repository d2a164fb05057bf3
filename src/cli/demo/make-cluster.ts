import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Problem } from '../exit-codes.ts'
import type { Account } from './account.ts'
import { makeFor } from './home.ts'

/** The superuser that the connection "demo" logs in as. */
export const MANAGING_LOGIN = 'rolecall'

interface Wanted {
  readonly native: string
  readonly account: Account
  readonly password: string
}

/** Runs initdb. The folder gets its name last, so that one which was cut short is never taken for a cluster. */
export async function makeCluster(cluster: string, { native, account, password }: Wanted): Promise<void> {
  const draft = `${cluster}.new`
  const passwordFile = `${cluster}.password`
  rmSync(draft, { recursive: true, force: true, maxRetries: 5 })
  makeFor(account, draft)
  // A file, since the other account could not open a pipe of ours.
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (account.uid !== undefined) chownSync(passwordFile, account.uid, account.gid!)
  try {
    await initdb(native, account, [...FLAGS, `--pgdata=${draft}`, `--pwfile=${passwordFile}`])
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(draft, cluster)
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

async function initdb(native: string, account: Account, flags: readonly string[]): Promise<void> {
  const child = spawn(join(native, 'bin', 'initdb'), flags, {
    ...account,
    cwd: '/',
    env: { LC_ALL: 'C', PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const [words, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (code === 0) return
  throw new Problem(
    'demoDatabase',
    `PostgreSQL could not make its cluster:\n${words.trim()}`,
    'Try another folder: --data FOLDER',
  )
}
