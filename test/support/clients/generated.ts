import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { npmPackages } from './npm.ts'

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
  const generators = npmPackages('generators')
  const folder = mkdtempSync(join(generators, 'generated-'))
  const input = join(folder, 'document.json')
  writeFileSync(input, JSON.stringify(document))
  await run(generators, '@hey-api/openapi-ts/bin/run.js', ['-i', input, '-o', join(folder, 'client'), '--silent'])
  const client = join(folder, 'client')
  await run(generators, 'typescript/bin/tsc', [...STRICT, join(client, 'index.ts')])
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

async function run(generators: string, script: string, flags: readonly string[]): Promise<void> {
  const bin = join(generators, 'node_modules', script)
  try {
    await promisify(execFile)(process.execPath, [bin, ...flags], { cwd: generators })
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${script} failed:\n${stdout}\n${stderr}`)
  }
}
