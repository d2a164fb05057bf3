import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Parts } from '../../../../src/app.ts'
import { aUser, type Ground, loginsOn, twoClusters, userPath, usersPath } from './ground.ts'

/** Whoever looks for a server in order to open a link to it waits for so long before it knows it. */
let delayOf: (instanceId: string) => number = () => 0

const slow = (real: Parts): Parts => {
  const { instances } = real.store.read
  const find: typeof instances.find = async id => {
    const found = await instances.find(id)
    await sleep(delayOf(id))
    return found
  }
  return { ...real, store: { ...real.store, read: { ...real.store.read, instances: { ...instances, find } } } }
}

describe.each([
  ['one link to each server', { '--limits-links-per-instance': '1' }],
  ['two links in all', { '--limits-links-in-all': '2' }],
] as const)('where there may be %s', (_, flags) => {
  let ground: Ground

  beforeAll(async () => {
    ground = await twoClusters({ parts: slow, flags })
  }, 120_000)
  afterAll(async () => {
    await ground?.[Symbol.asyncDispose]()
  })

  test('two changes on two clusters do not wait for one another’s links', async () => {
    const { v1 } = ground.atlas
    const make = (name: string) => v1('POST', usersPath, { body: aUser(name) })
    expect((await make('before')).status).toBe(201)
    // One is told of `west` late, the other one of `east`: each has the link that the other one is to get.
    delayOf = id => (id === ground.west.instance ? 600 : 0)
    const one = make('one')
    await sleep(300)
    delayOf = id => (id === ground.east.instance ? 600 : 0)
    const other = make('other')
    await sleep(500)
    delayOf = () => 0
    expect([(await one).status, (await other).status], `${(await one).text} ${(await other).text}`).toEqual([201, 201])
    expect(await loginsOn(ground.west)).toEqual(['before', 'one', 'other'])
    for (const name of ['before', 'one', 'other']) expect((await v1('DELETE', userPath(name))).status).toBe(204)
  }, 60_000)
})
