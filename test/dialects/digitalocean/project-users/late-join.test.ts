import { expect, test } from 'vitest'
import { Secret } from '../../../../src/domain/secret.ts'
import { aUser, loginsOn, passwordOf, until, userPath, usersPath } from '../../atlas/users/ground.ts'
import { bothSides, PATIENT } from './ground.ts'

test('where passwords are kept no more, one that was kept and is replaced comes to no cluster that joins later', async () => {
  await using it = await bothSides({ flags: { ...PATIENT, '--atlas-late-join': 'ask' } })
  const { store } = it.ocean.running.app
  // As they are after a start that keeps them.
  for (const name of ['reset', 'patched', 'kept']) {
    expect((await it.atlas.v1('POST', usersPath, { body: aUser(name) })).status).toBe(201)
    const record = (await it.record(name))!
    const password = new Secret(passwordOf(name))
    await store.transaction(tables => tables.projectRecords.put({ ...record, password }))
  }
  expect((await it.reset(it.east, 'reset')).status).toBe(200)
  const changed = await it.atlas.v1('PATCH', userPath('patched'), { body: { password: 'another-Harbor-9' } })
  expect(changed.status, changed.text).toBe(200)
  for (const name of ['reset', 'patched']) expect((await it.record(name))?.password?.reveal()).toBeUndefined()
  const north = await it.join('north')
  const there = await until(
    () => loginsOn(north),
    logins => logins.includes('kept'),
  )
  expect(there).toEqual(['kept'])
}, 90_000)
