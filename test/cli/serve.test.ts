import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { aFolder, aTakenPort, rolecall } from './rolecall.ts'

// Real processes, a few in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

const LISTENS = /listens on (\S+)/

function serve(folder: string, ...more: string[]) {
  return rolecall(['serve', '--data', folder, '--port', '0', ...more])
}

async function onceServed(folder: string): Promise<string> {
  const run = serve(folder)
  await run.until(LISTENS)
  run.child.kill('SIGTERM')
  return (await run.ended()).out
}

describe('rolecall serve', () => {
  test('shows the first key once, lets it in, and ends with 0 on SIGTERM', async () => {
    const folder = aFolder()
    const run = serve(folder)
    const [, url] = await run.until(LISTENS)
    const [, key] = await run.until(/^ {2}(\w{40}) /m)
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    const headers = { authorization: `Bearer ${key}` }
    expect((await fetch(`${url}/rolecall/v1`, { headers })).status).toBe(200)
    run.child.kill('SIGTERM')
    expect((await run.ended()).code).toBe(0)
    expect(await onceServed(folder)).not.toContain('first start')
  })

  test('logs one line a request, on standard error, under the id that the client got', async () => {
    const run = serve(aFolder())
    const [, url] = await run.until(LISTENS)
    const answer = await fetch(`${url}/livez?token=geheim`)
    run.child.kill('SIGINT')
    const { err } = await run.ended()
    const lines = err.split('\n').filter(line => line.includes('"request"'))
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0]!)).toMatchObject({ requestId: answer.headers.get('x-request-id'), status: 200 })
    expect(err).not.toContain('geheim')
  })

  test('speaks HTTPS with a certificate', async () => {
    const [cert, key] = ['cert.pem', 'key.pem'].map(name => join(import.meta.dirname, 'tls', name)) as [string, string]
    const run = serve(aFolder(), '--tls-cert', cert, '--tls-key', key)
    const [, url] = await run.until(LISTENS)
    expect(url).toMatch(/^https:/)
    const status = await new Promise((resolve, reject) => {
      const asked = request(`${url}/livez`, { ca: readFileSync(cert) }, answer => resolve(answer.statusCode))
      asked.on('error', reject).end()
    })
    expect(status).toBe(200)
  })

  test('opens again after kill -9', async () => {
    const folder = aFolder()
    const run = serve(folder)
    await run.until(LISTENS)
    run.child.kill('SIGKILL')
    await run.ended()
    expect(await onceServed(folder)).toMatch(LISTENS)
  })
})

describe('what stops a start has an exit code of its own, and words that help', () => {
  test('a taken port; the first key is not used up by it', async () => {
    await using taken = await aTakenPort()
    const folder = aFolder()
    const { code, err } = await rolecall(['serve', '--data', folder, '--port', String(taken.port)]).ended()
    expect(code).toBe(EXIT.portTaken)
    expect(err).toContain(`Port ${taken.port} on 127.0.0.1 is taken`)
    expect(await onceServed(folder)).toContain('first start')
  })

  test('a host that is not ours', async () => {
    const { code, err } = await serve(aFolder(), '--host', '192.0.2.1').ended()
    expect(code).toBe(EXIT.badSetting)
    expect(err).toContain('Setting host')
  })

  test('a bad setting', async () => {
    const { code, err } = await serve(aFolder(), '--limits-body-bytes', 'many').ended()
    expect(code).toBe(EXIT.badSetting)
    expect(err).toMatch(/Setting limits\.bodyBytes .* from --limits-body-bytes[\s\S]*whole number/)
  })

  test('a folder that can’t be written', async () => {
    const file = join(aFolder(), 'file')
    writeFileSync(file, '')
    const { code, err } = await serve(join(file, 'data')).ended()
    expect(code).toBe(EXIT.folderUnwritable)
    expect(err).toContain('--data')
  })

  test('a folder that a running Rolecall holds', async () => {
    const folder = aFolder()
    const first = serve(folder)
    await first.until(LISTENS)
    const { code, err } = await serve(folder).ended()
    expect(code).toBe(EXIT.folderHeld)
    expect(err).toContain(`process ${first.child.pid}`)
  })

  test('a store that does not answer', async () => {
    // Port 1 is nobody's.
    const env = {
      ROLECALL_STORE: 'postgres://rolecall:geheim@127.0.0.1:1/rolecall',
      ROLECALL_MASTER_KEY: 'a'.repeat(64),
    }
    const { code, err } = await rolecall(['serve', '--port', '0'], { env }).ended()
    expect(code).toBe(EXIT.storeUnreachable)
    expect(err).not.toContain('geheim')
  })

  test('a missing master key', async () => {
    const folder = aFolder()
    await onceServed(folder)
    rmSync(join(folder, 'master.key'))
    const { code, err } = await serve(folder).ended()
    expect(code).toBe(EXIT.masterKeyMissing)
    expect(err).toContain('ROLECALL_MASTER_KEY')
  })

  test('a wrong master key', async () => {
    const folder = aFolder()
    await onceServed(folder)
    const run = rolecall(['serve', '--data', folder, '--port', '0'], { env: { ROLECALL_MASTER_KEY: 'a'.repeat(64) } })
    expect((await run.ended()).code).toBe(EXIT.masterKeyWrong)
  })

  test('a master key that is none', async () => {
    const run = rolecall(['serve', '--data', aFolder(), '--port', '0'], { env: { ROLECALL_MASTER_KEY: 'short' } })
    const { code, err } = await run.ended()
    expect(code).toBe(EXIT.masterKeyWrong)
    expect(err).toContain('32 bytes')
  })

  test('a store that a later release wrote', async () => {
    const folder = aFolder()
    await onceServed(folder)
    pretendLaterRelease(join(folder, 'rolecall.db'))
    const { code, err } = await serve(folder).ended()
    expect(code, err).toBe(EXIT.newerSchema)
  })

  test('a file that is no store', async () => {
    const folder = aFolder()
    writeFileSync(join(folder, 'rolecall.db'), 'not a database, by any means'.repeat(100))
    expect((await serve(folder).ended()).code).toBe(EXIT.storeDamaged)
  })

  test('an old Node', async () => {
    const pretend =
      "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})"
    const { code, err } = await rolecall(['serve'], { node: ['--import', pretend] }).ended()
    expect(code).toBe(EXIT.wrongNode)
    expect(err).toMatch(/needs Node 24\.11 or newer; this is 20\.20\.2/)
  })

  test('a command line that can’t be understood', async () => {
    const { code, err } = await rolecall(['serve', '--prot', '1']).ended()
    expect(code).toBe(EXIT.usage)
    expect(err).toMatch(/unknown option '--prot'[\s\S]*--port/)
  })
})

describe('rolecall --help', () => {
  test('explains each setting under all of its names', async () => {
    const { code, out } = await rolecall(['serve', '--help']).ended()
    expect(code).toBe(0)
    const text = out.replace(/\s+/g, ' ')
    expect(text).toContain(
      '--limits-body-bytes <number> largest request body (ROLECALL_LIMITS_BODY_BYTES, limits.bodyBytes; default 65536)',
    )
    expect(text).toContain('ROLECALL_MASTER_KEY')
  })
})

function pretendLaterRelease(file: string): void {
  const database = new Sqlite(file)
  const { changes } = database.prepare("update installation set schema_version = 9999, release = '99.0.0'").run()
  expect(changes).toBe(1)
  database.close()
}
