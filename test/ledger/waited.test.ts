import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, aRunningApp, type RunningApp } from '../support/app.ts'
import { mysqlServers } from '../support/servers.ts'
import { cutOffAt, heal, refused, says, type Trouble, trouble } from '../support/troubled.ts'

describe.each(mysqlServers())('on $name, a change that waited for another of the same login', ({ start }) => {
  let rolecall: RunningApp
  let mine: Trouble
  let users: string
  let databases: string

  beforeAll(async () => {
    mine = trouble()
    rolecall = await aRunningApp({ parts: mine.parts })
    const { instance } = await rolecall.connect(await start())
    users = `/instances/${instance}/users`
    databases = `/instances/${instance}/databases`
    for (const name of ['waited_one', 'waited_two']) await rolecall.native('POST', databases, { body: { name } })
  })
  afterAll(async () => {
    for (const name of ['waited_one', 'waited_two']) await rolecall?.native('DELETE', `${databases}/${name}`)
    await rolecall?.[Symbol.asyncDispose]()
  })

  const grant = (role: string, database: string) => ({ role, database })
  const add = (name: string, ...add: readonly unknown[]) =>
    rolecall.native('PATCH', `${users}/${name}/grants`, { body: { add } })
  const grantsOf = async (name: string) => (await rolecall.native('GET', `${users}/${name}`)).body.grants

  /** The first change stands before its statement until the second one waits for it. */
  async function oneAfterTheOther(name: string, first: () => Promise<unknown>, second: () => Promise<unknown>) {
    await rolecall.native('POST', users, { body: { name } })
    let goOn = () => {}
    const standing = new Promise<void>(resolve => (goOn = resolve))
    const around = mine.around
    mine.around = async (step, run) => {
      await standing
      return run(step)
    }
    const before = first()
    await sleep(300)
    const after = second()
    await sleep(500)
    mine.around = around
    goOn()
    return [await before, await after]
  }

  test('is taken back to what that one left', async () => {
    mine.around = (step, run) => (says(step, 'waited\\_two') ? Promise.reject(refused()) : run(step))
    const answers = await oneAfterTheOther(
      'waited_ada',
      () => add('waited_ada', grant('read', 'waited_one')),
      () => add('waited_ada', grant('readwrite', 'waited_one'), grant('read', 'waited_two')),
    )
    heal(mine)
    expect(answers).toMatchObject([{ status: 200 }, { status: 422 }])
    expect(await grantsOf('waited_ada')).toMatchObject([grant('read', 'waited_one')])
    await rolecall.native('DELETE', `${users}/waited_ada`)
  })

  test('is taken back to that after its process died, too', async () => {
    cutOffAt(mine, 'waited\\_two')
    const [, cut] = await oneAfterTheOther(
      'waited_eve',
      () => add('waited_eve', grant('read', 'waited_one')),
      () => add('waited_eve', grant('readwrite', 'waited_one'), grant('read', 'waited_two')),
    )
    mine.around = (step, run) => (says(step, 'waited\\_two') ? Promise.reject(refused()) : run(step))
    mine.away = false
    const path = `/projects/${rolecall.project}/operations/${(cut as Answer).body.operation}`
    await expect.poll(async () => (await rolecall.native('GET', path)).body.state, { timeout: 20_000 }).toBe('undone')
    heal(mine)
    expect(await grantsOf('waited_eve')).toMatchObject([grant('read', 'waited_one')])
    await rolecall.native('DELETE', `${users}/waited_eve`)
  })
})
