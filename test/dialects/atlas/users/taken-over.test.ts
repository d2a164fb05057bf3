import { describe, expect, test } from 'vitest'
import { heal, hungUp, says, type Trouble, trouble } from '../../../support/troubled.ts'
import { groundWith, SHOP, textOf, VAULT } from './behind.ts'
import { until, userPath } from './ground.ts'

const shown = ({ db, role }: typeof SHOP) => ({ databaseName: db, roleName: role })

describe('where roles are taken over', () => {
  const mine: Trouble = trouble()
  const flags = { '--atlas-partial-failure': 'eventual' }
  const { held, v1, make, grant, comesTo, record, recordOf, operationsOf } = groundWith('adopt', {
    flags,
    parts: mine.parts,
  })
  const remembered = async (name: string, roles: readonly string[]) =>
    expect(
      await until(
        () => recordOf(name),
        found => JSON.stringify(found) === JSON.stringify(roles),
      ),
    ).toEqual(roles)
  /** Of two looks that found something the second began after this. */
  const looksPass = async () => {
    for (const name of ['first', 'second'].map(one => `${one}_${crypto.randomUUID().slice(0, 8)}`)) {
      await make(name)
      for (const cluster of [held.ground.east, held.ground.west]) await grant(cluster, name, VAULT)
      await remembered(name, [SHOP, VAULT].map(textOf))
    }
  }

  test('nothing is taken over of a user while a change of it waits for a cluster, also for one that can be asked', async () => {
    const { east, west } = held.ground
    await make('busy')
    for (const cluster of [east, west]) await comesTo(cluster, 'busy', [SHOP])
    for (const cluster of [east, west]) await grant(cluster, 'busy', VAULT)
    await remembered('busy', [SHOP, VAULT].map(textOf))
    // What the project takes away is gone from one cluster, and the other one still has it.
    mine.around = (step, run, port) =>
      port === west.door.port && says(step, '"updateUser":"busy"') ? Promise.reject(hungUp()) : run(step)
    const patched = await v1('PATCH', userPath('busy'), { body: { roles: [shown(SHOP)] } })
    expect(patched.status, patched.text).toBe(200)
    await comesTo(east, 'busy', [SHOP])
    await comesTo(west, 'busy', [SHOP, VAULT])
    // Somebody gives it back to the one: that both have it now is nobody's wish.
    await grant(east, 'busy', VAULT)
    await looksPass()
    expect((await record('busy'))!.open).toBeUndefined()
    expect((await operationsOf('busy'))[0]!.state).toBe('open')
    expect(await recordOf('busy')).toEqual([textOf(SHOP)])
    heal(mine)
    await comesTo(west, 'busy', [SHOP])
    await looksPass()
    expect(await recordOf('busy')).toEqual([textOf(SHOP)])
  }, 90_000)

  test('nor while one of its clusters is away', async () => {
    const { east, west } = held.ground
    await make('half')
    for (const cluster of [east, west]) await comesTo(cluster, 'half', [SHOP])
    await make('other')
    await west.door.refuse()
    await grant(east, 'half', VAULT)
    const roles = await until(
      () => recordOf('half'),
      found => JSON.stringify(found) !== JSON.stringify([textOf(SHOP)]),
      12_000,
    )
    expect(roles).toEqual([textOf(SHOP)])
    await west.door.comeBack()
  }, 90_000)
})
