import { expect } from 'vitest'
import { besideOthers, type Lane } from './beside-others.ts'
import {
  adminOf,
  aUser,
  clientOf,
  loginsOn,
  logsIn,
  openTargetsOf,
  passwordOf,
  rolesOn,
  until,
  userPath,
  usersPath,
} from './ground.ts'

const wordsOf = ({ ground, v1 }: Lane) => ({
  make: (body: object) => v1('POST', usersPath, { body }),
  openTargets: () => openTargetsOf(ground),
})

besideOthers('what is made while a cluster is away', {}, lane => {
  const { ground, v1, test } = lane
  const { make, openTargets } = wordsOf(lane)

  test('a cluster that is away lets no user be made anywhere, and is named; nothing of it is left', async () => {
    await ground.west.door.refuse()
    const made = await make(aUser('alone'))
    expect(made.status, made.text).toBe(503)
    expect(made.body).toMatchObject({ errorCode: 'SERVICE_UNAVAILABLE', parameters: ['west'] })
    expect(made.body.detail).toMatch(/^west: /)
    expect(made.body.detail).not.toMatch(/127\.0\.0\.1|dba|\b50[03]\b|404/)
    expect(await loginsOn(ground.east)).toEqual([])
    expect((await v1('GET', userPath('alone'))).status).toBe(404)
    await ground.west.door.comeBack()
    await until(
      () => make(aUser('alone')),
      ({ status }) => status === 201,
    )
    expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([['alone'], ['alone']])
    expect((await v1('DELETE', userPath('alone'))).status).toBe(204)
  })

  test('a cluster that goes away half-way leaves no user on the others, and takes its own back when it returns', async () => {
    ground.west.door.behaveAt(passwordOf('half'), 'swallow')
    const made = await make(aUser('half'))
    expect(made.status, made.text).toBe(503)
    expect(made.body.parameters).toEqual(['west'])
    expect(await loginsOn(ground.east)).toEqual([])
    // What the server was sent it has done: nobody heard of it.
    expect(await loginsOn(ground.west)).toEqual(['half'])
    expect(await openTargets()).toEqual([['undo-create-user', ground.west.instance]])
    await ground.west.door.comeBack()
    expect(
      await until(
        () => loginsOn(ground.west),
        logins => logins.length === 0,
      ),
    ).toEqual([])
    expect((await rolesOn(ground.west)).filter(role => role.startsWith('rolecall.mark'))).toEqual([])
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect((await v1('GET', userPath('half'))).status).toBe(404)
    expect((await make(aUser('half'))).status).toBe(201)
    expect((await v1('DELETE', userPath('half'))).status).toBe(204)
  })
})

besideOthers('what is deleted while a cluster is away', {}, lane => {
  const { ground, v1, test } = lane
  const { make, openTargets } = wordsOf(lane)

  test('a delete is done once every cluster that can be reached has done it; one that is away follows when it returns', async () => {
    expect((await make(aUser('going'))).status).toBe(201)
    await ground.west.door.refuse()
    const gone = await v1('DELETE', userPath('going'))
    expect(gone.status, gone.text).toBe(204)
    expect(await loginsOn(ground.east)).toEqual([])
    expect(await loginsOn(ground.west)).toEqual(['going'])
    expect((await v1('GET', userPath('going'))).status).toBe(404)
    const list = await v1('GET', usersPath)
    expect(list.body).toMatchObject({ results: [], totalCount: 0 })
    expect(list.headers['rolecall-unreachable']).toBe('west')
    expect(await openTargets()).toEqual([['drop-user', ground.west.instance]])
    // The name is not free before it is gone everywhere.
    expect((await make(aUser('going'))).body.errorCode).toBe('USER_ALREADY_EXISTS')
    await ground.west.door.comeBack()
    expect(
      await until(
        () => loginsOn(ground.west),
        logins => logins.length === 0,
      ),
    ).toEqual([])
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect((await make(aUser('going'))).status).toBe(201)
    expect((await v1('DELETE', userPath('going'))).status).toBe(204)
  })

  test('a cluster that is silent holds up a delete no longer than it may', async () => {
    expect((await make(aUser('silent'))).status).toBe(201)
    ground.west.door.behave('hang')
    const began = performance.now()
    const gone = await v1('DELETE', userPath('silent'))
    expect([gone.status, gone.text]).toEqual([204, ''])
    expect(performance.now() - began).toBeLessThan(6_000)
    expect(await loginsOn(ground.east)).toEqual([])
    expect(await openTargets()).toEqual([['drop-user', ground.west.instance]])
    await ground.west.door.comeBack()
    expect(
      await until(
        () => loginsOn(ground.west),
        logins => logins.length === 0,
      ),
    ).toEqual([])
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
  })
})

besideOthers('while one cluster is silent, others return', {}, lane => {
  const { ground, v1, test } = lane
  const { make, openTargets } = wordsOf(lane)

  test('a cluster that stays silent keeps no other from what it has to do when it returns', async () => {
    expect((await make(aUser('two'))).status).toBe(201)
    ground.west.door.behave('hang')
    await ground.east.door.refuse()
    expect((await v1('DELETE', userPath('two'))).status).toBe(204)
    expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([['two'], ['two']])
    await ground.east.door.comeBack()
    expect(
      await until(
        () => loginsOn(ground.east),
        logins => logins.length === 0,
      ),
    ).toEqual([])
    expect(await loginsOn(ground.west)).toEqual(['two'])
    expect(await until(openTargets, open => open.length === 1)).toEqual([['drop-user', ground.west.instance]])
    await ground.west.door.comeBack()
    expect(
      await until(
        () => loginsOn(ground.west),
        logins => logins.length === 0,
      ),
    ).toEqual([])
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
  })
})

besideOthers('lists while clusters are away, and clusters that join later', {}, lane => {
  const { ground, v1, test } = lane
  const { make, openTargets } = wordsOf(lane)

  test('a user with a record is listed from it while its clusters are away, and others are not', async () => {
    expect((await make(aUser('known', { scopes: [{ name: 'west', type: 'CLUSTER' }] }))).status).toBe(201)
    await using admin = await adminOf(ground.west)
    await admin
      .db('admin')
      .command({ createUser: 'stranger', pwd: 'made-by-others', roles: [{ role: 'read', db: 'shop' }] })
    const names = async () =>
      (await v1('GET', usersPath)).body.results.map(({ username }: { username: string }) => username)
    expect(await names()).toEqual(['known', 'stranger'])
    await ground.west.door.refuse()
    expect(await names()).toEqual(['known'])
    await ground.west.door.comeBack()
    await until(names, found => found.length === 2)
    for (const name of ['known', 'stranger']) expect((await v1('DELETE', userPath(name))).status).toBe(204)
    expect(await loginsOn(ground.west)).toEqual([])
  })

  test('a cluster that joins later gets the users that it should have, with their passwords, and not the others', async () => {
    expect((await make(aUser('everywhere'))).status).toBe(201)
    expect((await make(aUser('western', { scopes: [{ name: 'west', type: 'CLUSTER' }] }))).status).toBe(201)
    const north = await ground.join('north')
    expect(
      await until(
        () => loginsOn(north),
        logins => logins.length > 0,
      ),
    ).toEqual(['everywhere'])
    expect(
      await until(
        () => logsIn(north, 'everywhere', passwordOf('everywhere')),
        is => is,
      ),
    ).toBe(true)
    await using client = await clientOf(north, 'everywhere', passwordOf('everywhere'))
    await client.db('shop').collection('orders').insertOne({ total: 1 })
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    for (const name of ['everywhere', 'western']) expect((await v1('DELETE', userPath(name))).status).toBe(204)
    for (const cluster of [ground.east, ground.west, north]) expect(await loginsOn(cluster)).toEqual([])
  })
})
