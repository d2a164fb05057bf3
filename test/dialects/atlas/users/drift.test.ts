import { afterAll, beforeAll, expect, test } from 'vitest'
import { adminOf, aUser, type Cluster, type Ground, logsIn, twoClusters, userPath, usersPath } from './ground.ts'

let ground: Ground
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

beforeAll(async () => {
  ground = await twoClusters()
}, 120_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

const make = async (body: object) => expect((await v1('POST', usersPath, { body })).status).toBe(201)
const both = () => [ground.east, ground.west]

async function rolesOf(name: string, cluster: Cluster): Promise<readonly string[]> {
  await using admin = await adminOf(cluster)
  const { users } = await admin.db('admin').command({ usersInfo: name })
  const roles = users[0].roles as readonly { role: string; db: string }[]
  return roles.filter(({ role }) => !role.startsWith('rolecall.')).map(({ db, role }) => `${db}.${role}`)
}

async function grantVault(name: string): Promise<void> {
  for (const cluster of both()) {
    await using admin = await adminOf(cluster)
    await admin.db('admin').command({ grantRolesToUser: name, roles: [{ role: 'readWrite', db: 'vault' }] })
  }
}

test('roles that are asked for are set, though the record has them already and others changed the servers', async () => {
  await make(aUser('drifted'))
  await grantVault('drifted')
  const roles = [{ databaseName: 'shop', roleName: 'readWrite' }]
  const changed = await v1('PATCH', userPath('drifted'), { body: { roles } })
  expect(changed.status, changed.text).toBe(200)
  expect(changed.body.roles).toEqual(roles)
  for (const cluster of both()) expect(await rolesOf('drifted', cluster)).toEqual(['shop.readWrite'])
})

test('a new password leaves the roles as they are on the servers', async () => {
  await make(aUser('kept'))
  await grantVault('kept')
  expect((await v1('PATCH', userPath('kept'), { body: { password: 'fresh-Pass-word-1' } })).status).toBe(200)
  for (const cluster of both()) {
    expect((await rolesOf('kept', cluster)).toSorted()).toEqual(['shop.readWrite', 'vault.readWrite'])
    expect(await logsIn(cluster, 'kept', 'fresh-Pass-word-1')).toBe(true)
  }
})

test('of two changes of one user at once none is lost', async () => {
  await make(aUser('both'))
  const { app, project } = ground.atlas.running
  for (const round of ['0', '1', '2']) {
    const roles = [{ databaseName: `db${round}`, roleName: 'read' }]
    const more = { description: `round ${round}`, password: `fresh-Pass-word-${round}` }
    const answers = await Promise.all([
      v1('PATCH', userPath('both'), { body: { roles } }),
      ground.atlas.v2('PATCH', userPath('both'), { body: more }),
      v1('PATCH', userPath('both'), { body: { labels: [{ key: 'round', value: round }] } }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const record = await app.store.read.projectRecords.find(project, 'user', JSON.stringify(['both', '', 'admin']))
    expect(record?.current).toMatchObject({
      roles: [`db${round}.read`],
      description: `round ${round}`,
      labels: [{ key: 'round', value: round }],
    })
    for (const cluster of both()) {
      expect(await rolesOf('both', cluster)).toEqual([`db${round}.read`])
      expect(await logsIn(cluster, 'both', `fresh-Pass-word-${round}`)).toBe(true)
    }
  }
}, 60_000)

test('of two users of one name that are made at once, one is made, and is the project’s', async () => {
  const { app, project } = ground.atlas.running
  for (const name of ['twin-0', 'twin-1', 'twin-2']) {
    const making = [aUser(name), aUser(name, { description: 'the other' })]
    const made = await Promise.all(making.map(body => ground.atlas.v2('POST', usersPath, { body })))
    expect(made.map(({ status }) => status).toSorted()).toEqual([201, 409])
    const record = await app.store.read.projectRecords.find(project, 'user', JSON.stringify([name, '', 'admin']))
    expect(record?.current).toMatchObject({ roles: ['shop.readWrite'] })
    expect(Object.keys(record!.places)).toHaveLength(2)
    expect((await v1('DELETE', userPath(name))).status).toBe(204)
  }
})

test('of two custom roles of one name that are made at once, one is made, and is the project’s', async () => {
  const path = '/customDBRoles/roles'
  for (const roleName of ['twin0', 'twin1']) {
    const bodies = ['FIND', 'INSERT'].map(action => ({
      roleName,
      actions: [{ action, resources: [{ db: 'billing', collection: 'orders' }] }],
    }))
    const made = await Promise.all(bodies.map(body => v1('POST', path, { body })))
    expect(made.map(({ status }) => status).toSorted()).toEqual([202, 409])
    expect((await v1('GET', `${path}/${roleName}`)).body).toMatchObject({ roleName })
    expect((await v1('DELETE', `${path}/${roleName}`)).status).toBe(204)
  }
})
