import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Parts } from '../../../src/app.ts'
import type { Store, Tables } from '../../../src/store/store.ts'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { until } from './ground.ts'

const NAME = 'expmoved_login'

let server: TestServer
let rolecall: RunningApp
let users: string
/** Is called once, when a worker has taken the login up and before it does anything. */
let onClaimed: (() => Promise<void>) | undefined

beforeAll(async () => {
  server = await postgresqlServer()
  await query(`drop role if exists ${NAME}`)
  rolecall = await aRunningApp({ parts: real => ({ ...real, store: telling(real.store) }) })
  users = `/instances/${(await rolecall.connect(server, { name: 'moved' })).instance}/users`
})

afterAll(async () => {
  await rolecall?.[Symbol.asyncDispose]()
  await query(`drop role if exists ${NAME}`)
})

async function query(sql: string) {
  const engine = await engineClient(server)
  return engine.query(sql).finally(() => engine.end())
}

function telling(store: Parts['store']): Store {
  const transaction: Store['transaction'] = async work => {
    let claimed = 0
    const watched = (tables: Tables): Tables => ({
      ...tables,
      expiries: {
        ...tables.expiries,
        claim: async (...all) => {
          const rows = await tables.expiries.claim(...all)
          claimed += rows.length
          return rows
        },
      },
    })
    const answer = await store.transaction(tables => work(watched(tables)))
    const tell = claimed > 0 ? onClaimed : undefined
    if (tell) onClaimed = undefined
    await tell?.()
    return answer
  }
  return { ...store, transaction }
}

test('a login that gets a later end when its old one is about to be carried out stays', async () => {
  const made = await rolecall.native('POST', users, { body: { name: NAME, validFor: 'PT1S' } })
  const validUntil = new Date(Date.now() + 86_400_000).toISOString()
  let moved: { status: number } | undefined
  onClaimed = async () => {
    moved = await rolecall.native('PATCH', `${users}/${NAME}`, { body: { validUntil } })
  }
  await until(
    async () => moved,
    found => found !== undefined,
  )
  expect([made.status, moved?.status]).toEqual([201, 200])
  const lines = async () => (await rolecall.ask('GET', '/metrics')).text
  await until(lines, text => /rolecall_expiry_waiting\{state="open"\} 0/.test(text))
  const { body } = await rolecall.native('GET', `${users}/${NAME}`)
  expect(body).toMatchObject({ state: 'active', validUntil })
  expect((await query(`select rolcanlogin from pg_roles where rolname = '${NAME}'`)).rows).toEqual([
    { rolcanlogin: true },
  ])
})
