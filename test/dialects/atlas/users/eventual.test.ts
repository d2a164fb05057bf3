import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { besideOthers, type Lane } from './beside-others.ts'
import { adminOf, aUser, loginsOn, logsIn, openTargetsOf, passwordOf, until, userPath, usersPath } from './ground.ts'

const FLAGS = {
  '--atlas-partial-failure': 'eventual',
  '--atlas-unknown-scope': 'accept',
  '--atlas-delete-missing': '204',
  '--atlas-join-username-segments': 'true',
  '--atlas-late-join': 'ask',
  '--atlas-list-unmanaged': 'false',
}

const wordsOf = ({ ground, v1 }: Lane) => ({
  make: (body: object) => v1('POST', usersPath, { body }),
  openTargets: () => openTargetsOf(ground),
})

besideOthers('what waits for a cluster that is away', { flags: FLAGS }, lane => {
  const { ground, v1, test } = lane
  const { make, openTargets } = wordsOf(lane)

  test('a user is made where that can be done, and follows on a cluster that was away', async () => {
    await ground.west.door.refuse()
    const made = await make(aUser('early'))
    expect(made.status, made.text).toBe(201)
    expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([['early'], []])
    expect(await openTargets()).toEqual([['create-user', ground.west.instance]])
    expect((await v1('GET', userPath('early'))).body).toEqual(made.body)
    await ground.west.door.comeBack()
    expect(
      await until(
        () => logsIn(ground.west, 'early', passwordOf('early')),
        is => is,
      ),
    ).toBe(true)
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect((await v1('DELETE', userPath('early'))).status).toBe(204)
  })

  test('a later change takes the place of one that still waits for a cluster', async () => {
    await ground.west.door.refuse()
    expect((await make(aUser('moving'))).status).toBe(201)
    const roles = [{ databaseName: 'shop', roleName: 'read' }]
    const changed = await v1('PATCH', userPath('moving'), { body: { password: 'teal-Harbor-later', roles } })
    expect(changed.status, changed.text).toBe(200)
    expect(changed.body.roles).toEqual(roles)
    expect(await openTargets()).toEqual([['create-user', ground.west.instance]])
    await ground.west.door.comeBack()
    expect(
      await until(
        () => logsIn(ground.west, 'moving', 'teal-Harbor-later'),
        is => is,
      ),
    ).toBe(true)
    expect(await logsIn(ground.west, 'moving', passwordOf('moving'))).toBe(false)
    expect((await v1('GET', userPath('moving'))).body.roles).toEqual(roles)
    expect((await v1('DELETE', userPath('moving'))).status).toBe(204)
  })

  test('a user is made though no cluster is there, and is there once they are', async () => {
    for (const { door } of [ground.east, ground.west]) await door.refuse()
    const made = await make(aUser('patient'))
    expect(made.status, made.text).toBe(201)
    expect((await v1('GET', usersPath)).body).toMatchObject({ results: [made.body], totalCount: 1 })
    for (const { door } of [ground.east, ground.west]) await door.comeBack()
    for (const cluster of [ground.east, ground.west])
      expect(
        await until(
          () => logsIn(cluster, 'patient', passwordOf('patient')),
          is => is,
        ),
      ).toBe(true)
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect((await v1('DELETE', userPath('patient'))).status).toBe(204)
  })
})

besideOthers('what is asked while some of it still waits, or of names and scopes', { flags: FLAGS }, lane => {
  const { ground, v1, test } = lane
  const { make, openTargets } = wordsOf(lane)

  test('trap 13: deleting who is not there may be told as done', async () => {
    expect((await v1('DELETE', userPath('nobody.at.all'))).status).toBe(204)
    expect((await v1('GET', userPath('nobody.at.all'))).body.errorCode).toBe('USERNAME_NOT_FOUND')
  })

  test('trap 4: a slash in a username may come as it is', async () => {
    const name = 'idp/group/one'
    const made = await make(aUser(name, { password: 'teal-Harbor-91' }))
    expect(made.status, made.text).toBe(201)
    expect((await v1('GET', `${usersPath}/admin/${name}`)).body).toEqual(made.body)
    expect((await v1('PATCH', `${usersPath}/admin/${name}`, { body: { description: 'x' } })).body.description).toBe('x')
    expect((await v1('DELETE', `${usersPath}/admin/${name}`)).status).toBe(204)
    expect((await v1('GET', userPath(name))).status).toBe(404)
  })

  test('a scope may name a cluster that there is not yet, and a user of that alone is listed', async () => {
    const scopes = [{ name: 'later', type: 'CLUSTER' }]
    expect((await make(aUser('waiting', { scopes }))).body.scopes).toEqual(scopes)
    expect((await v1('GET', usersPath)).body.totalCount).toBe(1)
    expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([[], []])
    expect((await v1('PATCH', userPath('waiting'), { body: { description: 'still' } })).body.description).toBe('still')
    expect((await v1('DELETE', userPath('waiting'))).status).toBe(204)
  })

  test('changes of one user that meet are made one after the other', async () => {
    expect((await make(aUser('busy'))).status).toBe(201)
    const bodies = ['a', 'b', 'c', 'd'].map(db => ({
      roles: [{ databaseName: db, roleName: 'read' }],
      description: db,
    }))
    const answers = await Promise.all(bodies.map(body => v1('PATCH', userPath('busy'), { body })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const { body } = await v1('GET', userPath('busy'))
    expect(body.roles).toEqual([{ databaseName: body.description, roleName: 'read' }])
    expect((await v1('DELETE', userPath('busy'))).status).toBe(204)
  })

  test('a user that is changed, and from now on lives on a cluster that is away alone, goes from the others at once', async () => {
    expect((await make(aUser('mover'))).status).toBe(201)
    await ground.west.door.refuse()
    const scopes = [{ name: 'west', type: 'CLUSTER' }]
    const roles = [{ databaseName: 'vault', roleName: 'read' }]
    const moved = await v1('PATCH', userPath('mover'), { body: { scopes, roles } })
    expect(moved.status, moved.text).toBe(200)
    expect(await loginsOn(ground.east)).toEqual([])
    await ground.west.door.comeBack()
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect((await v1('GET', userPath('mover'))).body).toMatchObject({ scopes, roles })
    expect((await v1('DELETE', userPath('mover'))).status).toBe(204)
  })

  test('a custom role that still waits for a cluster is changed and withdrawn by what is asked later', async () => {
    const roles = '/customDBRoles/roles'
    const allows = (action: string) => ({ actions: [{ action, resources: [{ db: 'billing' }] }] })
    await ground.west.door.refuse()
    const made = await v1('POST', roles, { body: { roleName: 'ledger', ...allows('FIND') } })
    expect(made.status, made.text).toBe(202)
    const changed = await v1('PATCH', `${roles}/ledger`, { body: allows('INSERT') })
    expect(changed.status, changed.text).toBe(200)
    expect(await openTargets()).toEqual([['create-role', ground.west.instance]])
    await ground.west.door.comeBack()
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    await using admin = await adminOf(ground.west)
    const found = async () =>
      (await admin.db('admin').command({ rolesInfo: 'ledger', showPrivileges: true })).roles.map(
        (role: { privileges: { actions: string[] }[] }) => role.privileges.flatMap(({ actions }) => actions),
      )
    expect(await found()).toEqual([['insert']])
    await ground.west.door.refuse()
    expect((await v1('PATCH', `${roles}/ledger`, { body: allows('REMOVE') })).status).toBe(200)
    expect((await v1('DELETE', `${roles}/ledger`)).status).toBe(204)
    await ground.west.door.comeBack()
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect(await found()).toEqual([])
  })
})

besideOthers('what is withdrawn, what others made, and clusters that join', { flags: FLAGS }, lane => {
  const { ground, v1, test } = lane
  const { make, openTargets } = wordsOf(lane)

  test('a user that is deleted before it was made everywhere is made nowhere any more', async () => {
    await ground.west.door.refuse()
    expect((await make(aUser('withdrawn'))).status).toBe(201)
    expect((await v1('DELETE', userPath('withdrawn'))).status).toBe(204)
    expect(await loginsOn(ground.east)).toEqual([])
    await ground.west.door.comeBack()
    await until(openTargets, open => open.length === 0)
    await sleep(6_000)
    expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([[], []])
    expect((await make(aUser('withdrawn'))).status).toBe(201)
    expect((await v1('DELETE', userPath('withdrawn'))).status).toBe(204)
  })

  test('users that others made are nobody’s where lists leave them out, and keep their names', async () => {
    await using admin = await adminOf(ground.east)
    await admin.db('admin').command({ createUser: 'stranger', pwd: 'made-by-others', roles: [] })
    expect((await v1('GET', usersPath)).body.totalCount).toBe(0)
    expect((await v1('GET', userPath('stranger'))).status).toBe(404)
    expect((await v1('PATCH', userPath('stranger'), { body: { description: 'x' } })).status).toBe(404)
    expect((await make(aUser('stranger'))).body.errorCode).toBe('USER_ALREADY_EXISTS')
    expect(await loginsOn(ground.west)).toEqual([])
    expect(await loginsOn(ground.east)).toEqual(['stranger'])
  })

  test('a cluster that joins later gets a user with its next password, where none is kept', async () => {
    expect((await make(aUser('asked'))).status).toBe(201)
    const north = await ground.join('north')
    await sleep(7_000)
    expect(await loginsOn(north)).toEqual([])
    expect((await v1('PATCH', userPath('asked'), { body: { description: 'no password' } })).status).toBe(200)
    expect(await loginsOn(north)).toEqual([])
    expect((await v1('PATCH', userPath('asked'), { body: { password: 'teal-Harbor-next' } })).status).toBe(200)
    for (const cluster of [ground.east, ground.west, north])
      expect(await logsIn(cluster, 'asked', 'teal-Harbor-next')).toBe(true)
    expect((await v1('DELETE', userPath('asked'))).status).toBe(204)
  })
})
