import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  aUser,
  type Ground,
  loginsOn,
  logsIn,
  openTargetsOf,
  passwordOf,
  twoClusters,
  until,
  userPath,
  usersPath,
} from './ground.ts'

let ground: Ground
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

beforeAll(async () => {
  ground = await twoClusters()
}, 120_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

const recordOf = async (name: string) => {
  const { app, project } = ground.atlas.running
  return app.store.read.projectRecords.find(project, 'user', JSON.stringify([name, '', 'admin']))
}

async function leave(): Promise<void> {
  const { native, project } = ground.atlas.running
  const { body } = await native('GET', `/projects/${project}/connections`)
  const { id } = body.items.find(({ instance }: { instance: string }) => instance === ground.west.instance)
  expect((await native('DELETE', `/connections/${id}`)).status).toBe(204)
}

async function comeBack(): Promise<string> {
  const { server, door } = ground.west
  const more = { name: 'to west again', instanceName: 'west' }
  return (await ground.atlas.running.connect({ ...server, port: door.port }, more)).instance
}

test('a cluster that left and came back has its users again, as they are by now; they are changed and go', async () => {
  for (const name of ['again', 'soon']) expect((await v1('POST', usersPath, { body: aUser(name) })).status).toBe(201)
  await leave()
  const roles = [{ databaseName: 'vault', roleName: 'read' }]
  const changed = await v1('PATCH', userPath('again'), { body: { roles, password: 'fresh-Pass-word-1' } })
  expect(changed.status, changed.text).toBe(200)
  expect(await logsIn(ground.west, 'again', passwordOf('again'))).toBe(true)
  const back = await comeBack()
  // Before anything was brought there: it is known by what it is.
  expect((await v1('DELETE', userPath('soon'))).status).toBe(204)
  expect(await loginsOn(ground.west)).toEqual(['again'])
  const record = await until(
    () => recordOf('again'),
    found => found?.places[back] !== undefined,
  )
  expect(typeof record?.places[back]).toBe('string')
  expect(
    await until(
      () => openTargetsOf(ground),
      open => open.length === 0,
    ),
  ).toEqual([])
  expect(await logsIn(ground.west, 'again', 'fresh-Pass-word-1')).toBe(true)
  expect(await logsIn(ground.west, 'again', passwordOf('again'))).toBe(false)
  const shown = (await v1('GET', userPath('again'))).body.roles
  expect(shown).toEqual(roles)
  const later = await v1('PATCH', userPath('again'), { body: { password: 'fresh-Pass-word-2' } })
  expect(later.status, later.text).toBe(200)
  expect(await logsIn(ground.west, 'again', 'fresh-Pass-word-2')).toBe(true)
  expect((await v1('DELETE', userPath('again'))).status).toBe(204)
  expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([[], []])
}, 60_000)
