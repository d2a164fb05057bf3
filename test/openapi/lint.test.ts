import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DOCUMENTS = ['native', 'wiremock', 'digitalocean', 'trove', 'atlas'] as const

let running: RunningApp
beforeAll(async () => {
  running = await aRunningApp()
})
afterAll(() => running[Symbol.asyncDispose]())

const documentOf = async (name: string) => (await running.ask('GET', `/openapi/${name}.json`, { key: null })).body

/** What the linter has to say, as it says it; empty when it is content. */
async function lint(file: string): Promise<string> {
  const flags = ['lint', '--config', join(ROOT, 'redocly.yaml'), '--format=json', '--max-problems=50', file]
  // It would tell its maker about each run, and ask whether there is a newer one.
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }
  const bin = fileURLToPath(import.meta.resolve('@redocly/cli/bin/cli.js'))
  const run = promisify(execFile)(process.execPath, [bin, ...flags], { env, maxBuffer: 10_000_000 })
  const { stdout } = await run.catch((failed: { stdout: string; stderr: string }) => ({
    stdout: failed.stdout || failed.stderr,
  }))
  const { problems } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as { problems: Problem[] }
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`).join('\n')
}

interface Problem {
  readonly ruleId: string
  readonly message: string
  readonly location: readonly { readonly pointer?: string }[]
}

describe.each(DOCUMENTS)('/openapi/%s.json', name => {
  test('is found good by the linter', { timeout: 60_000 }, async () => {
    const file = join(running.folder, `${name}.json`)
    writeFileSync(file, JSON.stringify(await documentOf(name)))
    expect(await lint(file)).toBe('')
  })

  test('describes every operation, and gives each a name of its own', async () => {
    const operations = Object.values((await documentOf(name)).paths as Record<string, Record<string, Operation>>)
    const all = operations.flatMap(path => Object.values(path))
    expect(all.length).toBeGreaterThan(5)
    expect(new Set(all.map(({ operationId }) => operationId)).size).toBe(all.length)
    for (const { operationId, summary, tags, responses } of all) {
      expect([operationId, summary, tags].every(Boolean), operationId).toBe(true)
      expect(Object.keys(responses), operationId).toContain('401')
    }
  })

  test('has every route that is served, and no other', async () => {
    const served = running.app.http
      .routePaths()
      .filter(path => PATHS[name].test(path))
      .map(path => path.replace(/(.)\/$/, '$1').replace(/:(\w+)/g, '{$1}'))
    const described = Object.keys((await documentOf(name)).paths)
    expect(described.toSorted()).toEqual([...new Set(served)].filter(path => !HIDDEN.test(path)).toSorted())
  })
})

/** Whose paths are whose. */
const PATHS = {
  native: /^\/rolecall\/v1(\/|$)/,
  wiremock: /^\/v1\/(?!oauth\/)/,
  digitalocean: /^\/v2(\/|$)|^\/v1\/oauth\//,
  trove: /^\/v1\.0(\/|$)|^\/identity\/|^\/v2\.0\//,
  atlas: /^\/api\/(atlas|oauth)\//,
}

/** The second name of the same routes, and addresses that only lead on. */
const HIDDEN =
  /\.(json|xml)$|^\/identity(\/v(3|2\.0))?\/?$|^\/identity\/v3\/auth\/projects$|^\/v2\.0\/|^\/v1\.0\/.+\/clusters\/|\/datastores\/versions\/|\/groups\/byName\/|\/whitelist(\/|$)|\/databaseUsers\/\{databaseName\}\/certs$|^\/v1\/data-connections\/|^\/v1\/users\/(self|me)$/

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly responses: object
}

test('the WireMock document says what the published one says of itself', async () => {
  const { openapi, info, security, components, servers, paths } = await documentOf('wiremock')
  expect(openapi).toBe('3.1.0')
  expect(info).toMatchObject({ title: 'WireMock Cloud', version: '1.0.0', license: { name: 'Apache 2.0' } })
  expect(security).toEqual([{ tokenAuth: [] }])
  expect(components.securitySchemes.tokenAuth).toMatchObject({ type: 'apiKey', in: 'header', name: 'Authorization' })
  expect(servers[0].url).toBe('/')
  expect(Object.keys(components.schemas)).toEqual(
    expect.arrayContaining([
      'DatabaseConnections',
      'DatabaseConnectionResponse',
      'PaginationData',
      'Errors',
      'SingleError',
    ]),
  )
  const names = Object.values(paths as Record<string, Record<string, Operation>>)
    .flatMap(path => Object.values(path))
    .filter(({ tags }) => tags?.includes('Database connections'))
    .map(({ operationId }) => operationId)
  expect(names.toSorted()).toEqual([
    'createDatabaseConnection',
    'deleteDatabaseConnection',
    'getDatabaseConnectionById',
    'getDatabaseConnectionsForUser',
    'testDatabaseConnection',
    'testStoredDatabaseConnection',
    'updateDatabaseConnection',
  ])
})
