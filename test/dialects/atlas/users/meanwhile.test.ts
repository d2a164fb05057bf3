import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { afterEach, expect } from 'vitest'
import type { MongodbFacts } from '../../../../src/engines/mongodb/facts/facts.ts'
import { heal, refused, says, type Trouble, trouble } from '../../../support/troubled.ts'
import { besideOthers, type Lane } from './beside-others.ts'
import {
  adminOf,
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

const wordsOf = ({ ground, v1 }: Lane) => ({
  make: (body: object) => v1('POST', usersPath, { body }),
  change: (name: string, body: object) => v1('PATCH', userPath(name), { body }),
  /** Newest first, as the ledger has them. */
  operations: async () => {
    const { app, project } = ground.atlas.running
    return (await app.store.read.operations.list({ projectId: project }, { limit: 10 })).items
  },
  openTargets: () => openTargetsOf(ground),
  recordOf: async (name: string) => {
    const { app, project } = ground.atlas.running
    return app.store.read.projectRecords.find(project, 'user', JSON.stringify([name, '', 'admin']))
  },
})
const rolesOf = (...names: string[]) => names.map(databaseName => ({ databaseName, roleName: 'read' }))

async function hadOn(cluster: Cluster, name: string): Promise<readonly string[]> {
  await using admin = await adminOf(cluster)
  const { users } = await admin.db('admin').command({ usersInfo: name })
  const roles = users[0].roles as { role: string; db: string }[]
  return roles.filter(({ role }) => !role.startsWith('rolecall')).map(({ role, db }) => `${db}.${role}`)
}

/** Each lane has a trouble of its own, which is over with the test. */
function inTrouble(title: string, define: (lane: Lane, mine: Trouble) => void): void {
  const mine = trouble()
  besideOthers(title, { parts: mine.parts }, lane => {
    afterEach(() => heal(mine))
    define(lane, mine)
  })
}

inTrouble('what is dropped while a cluster is away', (lane, mine) => {
  const { ground, v1, test } = lane
  const { make, openTargets } = wordsOf(lane)

  test('a drop that waits for a cluster is done when its election is over, and not given up', async () => {
    expect((await make(aUser('elected'))).status).toBe(201)
    await ground.west.door.refuse()
    expect((await v1('DELETE', userPath('elected'))).status).toBe(204)
    let electing = true
    let refusals = 0
    mine.asked = async (_change, port, ask) => {
      const facts = (await ask()) as MongodbFacts
      if (!electing || port !== ground.west.door.port) return facts
      refusals++
      return { ...facts, state: { ...facts.state, readOnly: true } } as MongodbFacts
    }
    await ground.west.door.comeBack()
    await until(
      async () => refusals,
      found => found > 0,
    )
    await sleep(500)
    expect(await openTargets()).toEqual([['drop-user', ground.west.instance]])
    electing = false
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect(await loginsOn(ground.west)).toEqual([])
  })

  test('a cluster that answers again is looked after while another one is silent', async () => {
    expect((await make(aUser('apart'))).status).toBe(201)
    await Promise.all([ground.east.door.refuse(), ground.west.door.refuse()])
    expect((await v1('DELETE', userPath('apart'))).status).toBe(204)
    await ground.west.door.comeBack()
    ground.west.door.behave('hang')
    await ground.east.door.comeBack()
    const gone = await until(
      () => loginsOn(ground.east),
      logins => logins.length === 0,
      15_000,
    )
    expect(gone).toEqual([])
    expect(await loginsOn(ground.west)).toEqual(['apart'])
    await ground.west.door.comeBack()
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect(await loginsOn(ground.west)).toEqual([])
  })
})

inTrouble('changes that meet, and passwords that stay', (lane, mine) => {
  const { ground, v1, test } = lane
  const { make, change, operations, openTargets, recordOf } = wordsOf(lane)

  test('of two changes at once, the later is planned from what the earlier left', async () => {
    expect((await make(aUser('both'))).status).toBe(201)
    const [here, there] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    mine.asked = async (asked, _port, ask) => {
      const facts = await ask()
      if (asked.kind !== 'replace-user' || !asked.password) return facts
      here.resolve()
      await there.promise
      return facts
    }
    const later = change('both', { password: 'brand-New-pw-both' })
    await here.promise
    const earlier = await change('both', { roles: rolesOf('ledgers') })
    expect(earlier.status, earlier.text).toBe(200)
    there.resolve()
    await later
    const { roles } = (await recordOf('both'))!.current as { roles: readonly string[] }
    expect([await hadOn(ground.east, 'both'), await hadOn(ground.west, 'both')]).toEqual([roles, roles])
    expect((await v1('DELETE', userPath('both'))).status).toBe(204)
  })

  test('what is taken back of a change that had to wait goes back to what it found when its turn came', async () => {
    expect((await make(aUser('waited'))).status).toBe(201)
    const [here, there] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let looks = 0
    mine.asked = async (asked, _port, ask) => {
      const facts = await ask()
      if (asked.kind !== 'replace-user' || asked.password) return facts
      looks++
      here.resolve()
      await there.promise
      return facts
    }
    mine.around = async (step, run, port) => {
      if (port === ground.west.door.port && says(step, 'billing')) throw refused()
      await run(step)
    }
    const later = change('waited', { roles: rolesOf('billing') })
    await here.promise
    expect((await change('waited', { password: 'brand-New-pw-waited' })).status).toBe(200)
    await using admin = await adminOf(ground.east)
    await admin.db('admin').command({ updateUser: 'waited', roles: [{ role: 'read', db: 'elsewhere' }] })
    there.resolve()
    const answer = await later
    // At each of the two: first, when its turn came, and before it was taken back.
    expect([answer.status, looks], answer.text).toEqual([400, 6])
    expect([await hadOn(ground.east, 'waited'), await hadOn(ground.west, 'waited')]).toEqual([
      ['elsewhere.read'],
      ['shop.readWrite'],
    ])
    // It came before the one that it had to wait for.
    expect((await operations())[1]!.state).toBe('undone')
    for (const cluster of [ground.east, ground.west])
      expect(await logsIn(cluster, 'waited', 'brand-New-pw-waited')).toBe(true)
    expect((await v1('DELETE', userPath('waited'))).status).toBe(204)
  })

  test('a new password that can’t be taken back is told of, and where it stays', async () => {
    expect((await make(aUser('kept'))).status).toBe(201)
    ground.west.door.behaveAt('brand-New-pw-kept', 'hang')
    const refused = await change('kept', { password: 'brand-New-pw-kept', roles: rolesOf('other') })
    expect(refused.status, refused.text).toBe(503)
    await ground.west.door.comeBack()
    expect(await until(openTargets, open => open.length === 0)).toEqual([])
    expect(await logsIn(ground.east, 'kept', 'brand-New-pw-kept')).toBe(true)
    const [operation] = await operations()
    const [east] = operation!.targets.filter(({ instanceId }) => instanceId === ground.east.instance)
    expect(refused.body.detail).toMatch(/east: The new password .* stays/)
    expect(operation!.state).toBe('settled')
    expect(east!.outcome).toBeDefined()
    expect(await hadOn(ground.east, 'kept')).toEqual(['shop.readWrite'])
    const { app, project } = ground.atlas.running
    const { items } = await app.store.read.audit.list(project, { limit: 50 })
    const ends = items.filter(line => line.operationId === operation!.id && line.outcome !== 'begun')
    expect(ends.map(({ outcome }) => outcome)).toContain('settled')
    expect((await v1('DELETE', userPath('kept'))).status).toBe(204)
  })

  test('what an operator gives up keeps no password that it was to set', async () => {
    expect((await make(aUser('given'))).status).toBe(201)
    const [here, there] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    mine.around = async (step, run) => {
      here.resolve()
      await there.promise
      await run(step)
    }
    const changing = change('given', { password: 'brand-New-pw-given' })
    await here.promise
    const { native, project, folder } = ground.atlas.running
    const [{ id }] = (await operations()) as unknown as [{ id: string }]
    const abandoned = await native('POST', `/projects/${project}/operations/${id}/abandon`)
    expect(abandoned.status, abandoned.text).toBe(200)
    using store = openStore(folder)
    expect(store.sealed('given')).toEqual([null])
    there.resolve()
    await changing
    heal(mine)
    expect((await v1('DELETE', userPath('given'))).status).toBe(204)
  })
})

inTrouble('a cluster that joins', (lane, mine) => {
  const { ground, v1, test } = lane
  const { make, change, openTargets } = wordsOf(lane)

  test('a change of all clusters takes the place of what waited for one that joined', async () => {
    expect((await make(aUser('joined'))).status).toBe(201)
    const north = await ground.join('north')
    await north.door.refuse()
    await until(openTargets, open => open.length > 0, 15_000)
    mine.away = true
    await sleep(9_000)
    await north.door.comeBack()
    heal(mine)
    const changed = await change('joined', { roles: rolesOf('inventory') })
    expect(changed.status, changed.text).toBe(200)
    for (const cluster of [ground.east, ground.west, north])
      expect(await hadOn(cluster, 'joined')).toEqual(['inventory.read'])
    expect(await logsIn(north, 'joined', passwordOf('joined'))).toBe(true)
    expect(await openTargets()).toEqual([])
    expect((await v1('DELETE', userPath('joined'))).status).toBe(204)
  })
})

function openStore(folder: string) {
  const db = new Database(`${folder}/rolecall.db`, { readonly: true })
  const query = db.prepare('select next_password from project_records where key like ?').pluck()
  return {
    sealed: (name: string) => query.all(`%"${name}"%`),
    [Symbol.dispose]: () => void db.close(),
  }
}
