import { afterEach, beforeAll, expect } from 'vitest'
import { besideOthers, type Lane } from './beside-others.ts'
import {
  adminOf,
  aGate,
  aUser,
  type Cluster,
  loginsOn,
  logsIn,
  openTargetsOf,
  passwordOf,
  until,
  userPath,
  usersPath,
} from './ground.ts'

const wordsOf = ({ ground, v1 }: Lane) => {
  const openTargets = () => openTargetsOf(ground)
  return {
    make: async (body: object) => expect((await v1('POST', usersPath, { body })).status).toBe(201),
    openTargets,
    settled: async () => expect(await until(openTargets, open => open.length === 0)).toEqual([]),
    recordOf: async (name: string) => {
      const { app, project } = ground.atlas.running
      return app.store.read.projectRecords.find(project, 'user', JSON.stringify([name, '', 'admin']))
    },
  }
}

besideOthers('while a cluster that joined is silent', { flags: { '--atlas-clean-on-leave': 'true' } }, lane => {
  const { ground, v1, test } = lane
  const { make, openTargets, settled } = wordsOf(lane)
  const names = ['one', 'two', 'three', 'four']
  let north: Cluster
  beforeAll(async () => {
    for (const name of [...names, 'parting']) await make(aUser(name))
    north = await ground.join('north')
    north.door.behave('hang')
    await until(openTargets, open => open.filter(([, id]) => id === north.instance).length > names.length)
  }, 120_000)

  test('a user that is deleted is not made there later, at whatever moment of a try it was', async () => {
    for (const name of names) {
      const gone = await until(
        () => v1('DELETE', userPath(name)),
        ({ status }) => status !== 409,
      )
      expect(gone.status, gone.text).toBe(204)
    }
    // What is to be made there is what is not deleted, and nothing else.
    const making = (await openTargets()).filter(([kind]) => kind === 'create-user')
    expect(making).toEqual([['create-user', north.instance]])
  })

  test('a user that was to come to a cluster does not when that leaves the project', async () => {
    const { running } = ground.atlas
    const { body } = await running.native('GET', `/projects/${running.project}/connections`)
    const { id } = body.items.find(({ instance }: { instance: string }) => instance === north.instance)
    const left = await until(
      () => running.native('DELETE', `/connections/${id}`),
      ({ status }) => status !== 409,
    )
    expect(left.status, left.text).toBe(204)
    await north.door.comeBack()
    await settled()
    expect(await loginsOn(north)).toEqual([])
    expect(await loginsOn(ground.east)).toEqual(['parting'])
  })
})

const gate = aGate()
besideOthers('while it is looked at what a cluster that joined is to have', { parts: gate.parts }, lane => {
  const { ground, v1, test } = lane
  const { make, settled, recordOf } = wordsOf(lane)
  afterEach(() => gate.open())

  test('a user that is deleted meanwhile stays away, and one that is changed stays as it was changed', async () => {
    for (const name of ['leaver', 'changer', 'opener']) await make(aUser(name))
    const north = await ground.join('north')
    gate.shut()
    await gate.held()
    expect((await v1('DELETE', userPath('leaver'))).status).toBe(204)
    const roles = [{ databaseName: 'other', roleName: 'read' }]
    const changing = v1('PATCH', userPath('changer'), { body: { roles, password: 'fresh-Pass-word-2' } })
    const opening = v1('PATCH', userPath('opener'), { body: { password: 'fresh-Pass-word-3' } })
    await until(
      async () => [(await recordOf('changer'))?.current?.roles, (await recordOf('opener'))?.password?.reveal()],
      ([roles, password]) => String(roles) === 'other.read' && password === 'fresh-Pass-word-3',
    )
    gate.open()
    expect([(await changing).status, (await opening).status]).toEqual([200, 200])
    expect(
      await until(
        () => loginsOn(north),
        logins => logins.length >= 2,
      ),
    ).toEqual(['changer', 'opener'])
    await settled()
    expect(await recordOf('leaver')).toBeUndefined()
    expect((await recordOf('changer'))?.current).toMatchObject({ roles: ['other.read'] })
    expect(await logsIn(north, 'changer', 'fresh-Pass-word-2')).toBe(true)
    expect(await logsIn(north, 'opener', 'fresh-Pass-word-3')).toBe(true)
    for (const name of ['changer', 'opener']) expect((await v1('DELETE', userPath(name))).status).toBe(204)
    for (const cluster of [ground.east, ground.west, north]) expect(await loginsOn(cluster)).toEqual([])
  })
})

besideOthers('where others were there first', {}, lane => {
  const { ground, v1, test } = lane
  const { make, settled, recordOf } = wordsOf(lane)
  let north: Cluster
  const path = '/customDBRoles/roles'
  const onSecrets = [{ resource: { db: 'secret', collection: 'x' }, actions: ['find', 'insert'] }]
  const seen = async () => {
    await using admin = await adminOf(north)
    return (await admin.db('admin').command({ rolesInfo: 'analyst', showPrivileges: true })).roles[0]?.privileges
  }

  test('a role of theirs is neither changed nor dropped with the one of its name, nor a user of theirs', async () => {
    const actionsOn = (db: string) => [{ action: 'FIND', resources: [{ db, collection: 'orders' }] }]
    await make(aUser('namesake'))
    const made = await v1('POST', path, { body: { roleName: 'analyst', actions: actionsOn('billing') } })
    expect(made.status, made.text).toBe(202)
    north = await ground.join('north', async admin => {
      await admin.command({ createRole: 'analyst', privileges: onSecrets, roles: [] })
      await admin.command({ createUser: 'namesake', pwd: 'made-by-others', roles: [{ role: 'read', db: 'shop' }] })
    })
    await until(
      () => recordOf('namesake'),
      record => record?.places[north.instance] === null,
    )
    await settled()
    const { app, project } = ground.atlas.running
    await until(
      () => app.store.read.projectRecords.find(project, 'role', 'analyst'),
      record => record?.places[north.instance] === null,
    )
    expect((await v1('PATCH', `${path}/analyst`, { body: { actions: actionsOn('vault') } })).status).toBe(200)
    expect(await seen()).toEqual(onSecrets)
    expect((await v1('DELETE', `${path}/analyst`)).status).toBe(204)
    expect(await seen()).toEqual(onSecrets)
    // There it is not the project's: it is left out.
    const changed = await v1('PATCH', userPath('namesake'), { body: { password: 'fresh-Pass-word-1' } })
    expect(changed.status, changed.text).toBe(200)
    expect(await logsIn(ground.east, 'namesake', 'fresh-Pass-word-1')).toBe(true)
    expect(await logsIn(north, 'namesake', 'made-by-others')).toBe(true)
    expect((await v1('DELETE', userPath('namesake'))).status).toBe(204)
    expect(await loginsOn(north)).toEqual(['namesake'])
  })

  test('what an operator has given up is not begun again', async () => {
    const { running } = ground.atlas
    await north.door.refuse()
    await make(aUser('unwanted', { scopes: [{ name: 'east', type: 'CLUSTER' }] }))
    // It is to live there, too, and that could not be done.
    const { app, project } = running
    const record = (await recordOf('unwanted'))!
    await app.store.transaction(tables =>
      tables.projectRecords.put({ ...record, current: { ...record.current, scopes: [] } }),
    )
    const operations = async () => (await app.store.read.operations.list({ projectId: project }, { limit: 3 })).items
    const [open] = await until(operations, ([newest]) => newest?.state === 'open')
    const given = await until(
      () => running.native('POST', `/projects/${project}/operations/${open!.id}/abandon`),
      ({ status }) => status !== 409,
    )
    expect(given.status, given.text).toBe(200)
    await north.door.comeBack()
    expect(
      (
        await until(
          () => recordOf('unwanted'),
          found => found?.places[north.instance] === null,
        )
      )?.places,
    ).toMatchObject({ [north.instance]: null })
    expect((await operations())[0]?.id).toBe(open!.id)
    expect(await loginsOn(north)).toEqual(['namesake'])
    expect(await logsIn(ground.east, 'unwanted', passwordOf('unwanted'))).toBe(true)
  })
})
