import { execFile, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LISTED = join(ROOT, 'test', 'clients')
const INSTALLED = join(ROOT, '.engines', 'clients')

/** A client that is generated from an OpenAPI document, as its users would generate it. */
export interface GeneratedClient extends Disposable {
  /** One function an operation, by its operationId. */
  readonly operations: Readonly<Record<string, Call>>
  /** Where it calls, and with which headers, unless a call says otherwise. */
  configure(base: { readonly baseUrl: string; readonly headers: Readonly<Record<string, string>> }): void
}

export type Call = (request: { readonly path?: object; readonly query?: object; readonly body?: object }) => Promise<{
  // biome-ignore lint/suspicious/noExplicitAny: answers have the generated types, which are not there before the run.
  readonly data?: any
  readonly error?: unknown
  readonly response: Response
}>

/** Generates a TypeScript client with @hey-api/openapi-ts, and checks that its types are sound. */
export async function generateClient(document: object): Promise<GeneratedClient> {
  installOnce()
  const folder = mkdtempSync(join(INSTALLED, 'generated-'))
  const input = join(folder, 'document.json')
  writeFileSync(input, JSON.stringify(document))
  await run('@hey-api/openapi-ts/bin/run.js', ['-i', input, '-o', join(folder, 'client'), '--silent'])
  const client = join(folder, 'client')
  await run('typescript/bin/tsc', [...STRICT, join(client, 'index.ts')])
  const load = (file: string) => import(pathToFileURL(join(client, file)).href)
  const [operations, { client: shared }] = await Promise.all([load('sdk.gen.ts'), load('client.gen.ts')])
  return {
    operations,
    configure: base => shared.setConfig(base),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const STRICT = ['--noEmit', '--strict', '--skipLibCheck', '--moduleResolution', 'bundler']
STRICT.push('--module', 'esnext', '--target', 'es2022', '--lib', 'es2022,dom,dom.iterable')

async function run(script: string, flags: readonly string[]): Promise<void> {
  const bin = join(INSTALLED, 'node_modules', script)
  try {
    await promisify(execFile)(process.execPath, [bin, ...flags], { cwd: INSTALLED })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${script} failed:\n${stdout}\n${stderr}`)
  }
}

/** Exactly as test/clients/package-lock.json says; again when that has changed. */
function installOnce(): void {
  const lock = readFileSync(join(LISTED, 'package-lock.json'), 'utf8')
  const done = join(INSTALLED, 'installed.json')
  if (existsSync(done) && readFileSync(done, 'utf8') === lock) return
  mkdirSync(INSTALLED, { recursive: true })
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(LISTED, file), join(INSTALLED, file))
  console.error('Fetching the generators of test clients into .engines/clients/ (once)')
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', flags, { cwd: INSTALLED, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error('npm ci in .engines/clients/ failed: run it there by hand')
  writeFileSync(done, lock)
}
