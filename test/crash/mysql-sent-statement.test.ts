import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningInstance, startInstance } from '../support/mariadb/instance.ts'
import { logsInToMysql, mysqlClient } from '../support/mariadb/logins.ts'
import { mysqlServers, ownMariadb, serverOfInstance, type TestServer } from '../support/servers.ts'
import { copyOf, makeTemplate, restart, runChild, type Template } from './drill/drill.ts'

const NAME = 'crash_sent_end'
const OLD_PASSWORD = 'old-password-of-the-sent-one'

describe.skipIf(mysqlServers().length === 0)('on MariaDB', () => {
  let instance: RunningInstance
  let server: TestServer
  let engine: Connection
  let template: Template

  beforeAll(async () => {
    // A server of its own: nobody else's logins are to wait for the lock that this test holds.
    instance = await startInstance(await ownMariadb())
    server = serverOfInstance(instance)
    engine = await mysqlClient(server)
    template = await makeTemplate(server)
    await engine.query(`create user '${NAME}'@'%' identified by '${OLD_PASSWORD}'`)
  })

  afterAll(async () => {
    template?.[Symbol.dispose]()
    await engine?.end()
    await instance?.[Symbol.asyncDispose]()
    if (instance) rmSync(dirname(instance.folder), { recursive: true, force: true })
  })

  async function waiting(): Promise<number> {
    const [rows] = await engine.query("select id from information_schema.processlist where info like 'alter user%'")
    return (rows as unknown[]).length
  }

  test('a statement that a killed process had sent is ended before anybody looks, so it takes no effect later', async () => {
    using copy = copyOf(template)
    const holder = await mysqlClient(server)
    // The reset waits inside of the server, and would go on there when its process is gone.
    await holder.query('lock tables mysql.global_priv read')
    const kill = new AbortController()
    const request = { method: 'POST', url: `/instances/${template.instance}/users/${NAME}/reset`, body: {} } as const
    const drill = { folder: copy.folder, template, setUp: [], request, killAt: Number.MAX_SAFE_INTEGER }
    const running = runChild(drill, kill.signal)
    await until(async () => (await waiting()) > 0)
    kill.abort()
    expect(await running).toBeUndefined()
    expect(await waiting()).toBe(1)
    await using after = await restart(copy.folder, template)
    expect(await waiting()).toBe(0)
    await holder.query('unlock tables')
    await holder.end()
    const { items } = await after.ask({ method: 'GET', url: `/projects/${template.project}/operations` })
    expect(items).toMatchObject([{ kind: 'reset-user', state: 'undone' }])
    expect(await logsInToMysql(server, NAME, OLD_PASSWORD)).toBe(true)
  })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000
  while (!(await holds())) {
    if (performance.now() > end) throw new Error('It never came to that')
    await sleep(20)
  }
}
