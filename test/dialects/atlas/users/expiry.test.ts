import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { besideOthers, type Lane } from './beside-others.ts'
import { adminOf, aUser, loginsOn, until, userPath, usersPath } from './ground.ts'

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

const makeIn =
  ({ v1 }: Lane) =>
  (username: string, seconds: number) =>
    v1('POST', usersPath, { body: aUser(username, { deleteAfterDate: inSeconds(seconds) }) })

besideOthers('where every cluster is there at the end', {}, lane => {
  const { ground, v1, test } = lane
  const make = makeIn(lane)

  test('a user with an end goes from every cluster at its end, and from reads at once', async () => {
    const made = await make('brief', 5)
    expect(made.status, made.text).toBe(201)
    expect(made.body.deleteAfterDate).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    expect((await v1('GET', userPath('brief'))).body).toEqual(made.body)
    await until(
      () => v1('GET', userPath('brief')),
      ({ status }) => status === 404,
    )
    expect((await v1('GET', usersPath)).body).toMatchObject({ results: [], totalCount: 0 })
    for (const cluster of [ground.east, ground.west])
      expect(
        await until(
          () => loginsOn(cluster),
          logins => logins.length === 0,
        ),
      ).toEqual([])
    const deleted = await v1('DELETE', userPath('brief'))
    expect([deleted.status, deleted.body.errorCode]).toEqual([404, 'USER_NOT_FOUND'])
    // Its name is free again.
    const again = await until(
      () => make('brief', 600),
      ({ status }) => status === 201,
    )
    expect(again.status).toBe(201)
    expect((await v1('DELETE', userPath('brief'))).status).toBe(204)
  })
})

besideOthers('where a cluster is away at the end', {}, lane => {
  const { ground, v1, test } = lane
  const make = makeIn(lane)

  test('a user whose cluster is away at its end is gone from there once it is back, and is not changed any more', async () => {
    expect((await make('outlived', 4)).status).toBe(201)
    await ground.west.door.refuse()
    await until(
      () => v1('GET', userPath('outlived')),
      ({ status }) => status === 404,
    )
    const changed = await v1('PATCH', userPath('outlived'), { body: { description: 'stay' } })
    expect([changed.status, changed.body.errorCode]).toEqual([400, 'ALREADY_EXPIRED'])
    await until(
      () => loginsOn(ground.east),
      logins => logins.length === 0,
    )
    expect(await loginsOn(ground.west)).toEqual(['outlived'])
    await ground.west.door.comeBack()
    expect(
      await until(
        () => loginsOn(ground.west),
        logins => logins.length === 0,
      ),
    ).toEqual([])
  })
})

besideOthers('where others made the login anew before the end', {}, lane => {
  const { ground, v1, test } = lane
  const make = makeIn(lane)

  test('a login that was made again outside is no business of the end of the one before it', async () => {
    expect((await make('twin', 6)).status).toBe(201)
    await using admin = await adminOf(ground.west)
    const db = admin.db('admin')
    await db.command({ dropUser: 'twin' })
    await db.command({ createUser: 'twin', pwd: 'made-by-others', roles: [] })
    expect(
      await until(
        () => loginsOn(ground.east),
        logins => logins.length === 0,
      ),
    ).toEqual([])
    await sleep(3_000)
    expect(await loginsOn(ground.west)).toEqual(['twin'])
    // It is there for everybody to see, as others made it.
    expect((await v1('GET', usersPath)).body.results).toMatchObject([
      { username: 'twin', scopes: [{ name: 'west', type: 'CLUSTER' }] },
    ])
    expect((await v1('DELETE', userPath('twin'))).status).toBe(204)
  })
})
