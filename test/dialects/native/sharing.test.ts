import { expect, test } from 'vitest'
import { aRunningApp } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer } from '../../support/servers.ts'

test('a login that was committed before a request is in its list, however many ask for the same page beside it', async () => {
  const server = await postgresqlServer()
  await using rolecall = await aRunningApp()
  const { instance } = await rolecall.connect(server)
  const page = `/instances/${instance}/users?q=share_&limit=1000`
  const ask = async () => (await rolecall.native('GET', page)).body.items.map((user: { name: string }) => user.name)
  await ask()
  const writing = async (writer: number) => {
    const engine = await engineClient(server)
    for (let n = 0; n < 15; n++) {
      const name = `share_${writer}_${n}`
      await engine.query(`create role ${name} login`)
      expect(await ask()).toContain(name)
    }
    await engine.end()
  }
  await Promise.all([1, 2, 3, 4, 5, 6].map(writing))
  const engine = await engineClient(server)
  const { rows } = await engine.query("select rolname from pg_roles where rolname like 'share\\_%'")
  expect(rows).toHaveLength(90)
  await engine.query(`drop role ${rows.map(({ rolname }) => rolname).join(', ')}`)
  await engine.end()
})
