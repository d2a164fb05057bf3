import { describe, expect, it } from 'vitest'
import type { AccessGrant, AccessSubject } from '../../../src/domain/callers/access.ts'
import { newShortId } from '../../../src/domain/id.ts'
import type { Connection } from '../../../src/domain/servers/connection.ts'
import type { DataSource } from '../../../src/domain/servers/data-source.ts'
import type { Store } from '../../../src/store/store.ts'
import {
  aConnection,
  aManagedServer,
  anAuditLine,
  anInstance,
  anOperation,
  anOperator,
  aTarget,
  NOON,
} from '../builders.ts'
import type { Opened } from './harness.ts'

const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id)

function aGrant({ projectId, id }: Connection, subject: AccessSubject, own: Partial<AccessGrant> = {}): AccessGrant {
  return { projectId, entity: { kind: 'connection', id }, subject, access: 'user', since: NOON, ...own }
}

export function aSource(projectId: string, own: Partial<DataSource> = {}): DataSource {
  const id = newShortId()
  const common = {
    id,
    projectId,
    name: `Source ${id}`,
    createdBy: 'ada12345',
    createdAt: NOON,
    updatedAt: NOON,
    version: 1,
  }
  return { ...common, content: { kind: 'csv', columns: [{ name: 'a' }], rows: [['1']] }, ...own }
}

/** Two servers in one project, and a member that no access list names yet. */
async function twoServers(store: Store) {
  const { project, instance, connection } = await aManagedServer(store)
  const [other, member] = [anInstance(project.id), anOperator()]
  const elsewhere = aConnection(other)
  const team = { id: newShortId(), projectId: project.id, name: `Team ${newShortId()}`, createdAt: NOON }
  await store.transaction(async tables => {
    await tables.instances.add(other)
    await tables.connections.add(elsewhere)
    await tables.operators.add(member)
    await tables.members.set(project.id, member.id, 'viewer', NOON)
    await tables.teams.add(team)
  })
  return { project, instance, connection, other, elsewhere, member, team }
}

type Servers = Awaited<ReturnType<typeof twoServers>>

/** Everything of the two servers that the member sees, by list and one by one. */
async function seen({ read }: Store, { project, member, instance, other, connection, elsewhere }: Servers) {
  const listed = await read.connections.list(project.id, { limit: 10 }, member.id)
  const filter = { projectId: project.id, visibleTo: member.id }
  const { total } = await read.connections.listByOffset(filter, 0, 10)
  const instances = await read.instances.list(project.id, { limit: 10 }, member.id)
  const strongest = await read.access.strongest(member.id, 'connection', [connection.id, elsewhere.id])
  const each = [instance, other].map(async ({ id }) => (await read.access.seesInstance(member.id, id)) && id)
  expect(total).toBe(listed.items.length)
  expect([...strongest.keys()].toSorted()).toEqual(ids(listed.items))
  expect((await Promise.all(each)).filter(Boolean).toSorted()).toEqual(ids(instances.items))
  return { connections: ids(listed.items), instances: ids(instances.items) }
}

export function access(opened: Opened): void {
  describe('access lists', () => {
    const reaches = ['user', 'team', 'organisation'] as const
    it.each(reaches)('show a connection and its instance to whom a grant reaches: %s', async kind => {
      const { store } = opened
      const all = await twoServers(store)
      const { member, team, project, connection, instance } = all
      expect(await seen(store, all)).toEqual({ connections: [], instances: [] })
      const subject = { kind, id: { user: member.id, team: team.id, organisation: project.id }[kind] }
      await store.transaction(async tables => {
        await tables.access.set(aGrant(connection, subject))
        await tables.teams.setMember(team, member.id, 'member', NOON)
      })
      expect(await seen(store, all)).toEqual({ connections: [connection.id], instances: [instance.id] })
      await store.transaction(tables => tables.access.remove({ kind: 'connection', id: connection.id }, subject))
      expect(await seen(store, all)).toEqual({ connections: [], instances: [] })
    })

    it('count the strongest of all grants, and a second grant to the same replaces the first', async () => {
      const { store } = opened
      const { member, project, connection } = await twoServers(store)
      const [one, everybody] = [
        { kind: 'user', id: member.id },
        { kind: 'organisation', id: project.id },
      ] as const
      const strongest = async () =>
        (await store.read.access.strongest(member.id, 'connection', [connection.id])).get(connection.id)
      const set = (subject: AccessSubject, access: AccessGrant['access']) =>
        store.transaction(tables => tables.access.set(aGrant(connection, subject, { access })))
      await set(everybody, 'user')
      await set(one, 'admin')
      expect(await strongest()).toBe('admin')
      await set(one, 'editor')
      expect(await strongest()).toBe('editor')
      expect(await store.read.access.list({ kind: 'connection', id: connection.id })).toHaveLength(2)
    })

    it('forget who leaves the project, also as a member of its teams', async () => {
      const { store } = opened
      const all = await twoServers(store)
      const { project, member, team, connection, elsewhere } = all
      await store.transaction(async tables => {
        await tables.teams.setMember(team, member.id, 'admin', NOON)
        await tables.access.set(aGrant(connection, { kind: 'user', id: member.id }))
        await tables.access.set(aGrant(elsewhere, { kind: 'team', id: team.id }))
      })
      expect((await seen(store, all)).connections).toHaveLength(2)
      await store.transaction(async tables => {
        await tables.members.remove(project.id, member.id)
        await tables.members.set(project.id, member.id, 'viewer', NOON)
      })
      expect(await seen(store, all)).toEqual({ connections: [], instances: [] })
    })

    it('go with their connection, and with their team', async () => {
      const { store } = opened
      const { team, connection, elsewhere } = await twoServers(store)
      const lines = async (id: string) => (await store.read.access.list({ kind: 'connection', id })).length
      await store.transaction(async tables => {
        for (const one of [connection, elsewhere]) await tables.access.set(aGrant(one, { kind: 'team', id: team.id }))
        await tables.connections.remove(connection.id)
      })
      expect([await lines(connection.id), await lines(elsewhere.id)]).toEqual([0, 1])
      await store.transaction(tables => tables.teams.remove(team.id))
      expect(await lines(elsewhere.id)).toBe(0)
    })

    it('hide operations that touch a hidden instance, and the lines about them', async () => {
      const { store } = opened
      const { project, member, instance, other, connection } = await twoServers(store)
      const [open, hidden, both] = [[instance], [other], [instance, other]].map(touched =>
        anOperation({ projectId: project.id, targets: touched.map(({ id }) => aTarget({ instanceId: id })) }),
      ) as [ReturnType<typeof anOperation>, ReturnType<typeof anOperation>, ReturnType<typeof anOperation>]
      await store.transaction(async tables => {
        await tables.access.set(aGrant(connection, { kind: 'organisation', id: project.id }))
        for (const one of [open, hidden, both]) {
          await tables.operations.begin(one)
          await tables.audit.add(anAuditLine({ projectId: project.id, operationId: one.id, subject: one.id }))
        }
      })
      const filter = { projectId: project.id, visibleTo: member.id }
      expect(ids((await store.read.operations.list(filter, { limit: 9 })).items)).toEqual([open.id])
      const sees = [open, hidden, both].map(({ id }) => store.read.access.seesOperation(member.id, id))
      expect(await Promise.all(sees)).toEqual([true, false, false])
      const lines = await store.read.audit.listAfter(project.id, '', 9, member.id)
      expect(lines.map(({ subject }) => subject)).toEqual([open.id])
    })

    it('hide lines about hidden things, and what is the business of admins', async () => {
      const { store } = opened
      const { project, member, instance, other, connection, elsewhere } = await twoServers(store)
      const line = (own: object) => anAuditLine({ projectId: project.id, ...own })
      const shown = [
        line({ action: 'connection.change', subject: connection.id }),
        line({ action: 'user.annotate', subject: 'ada', instanceId: instance.id }),
        line({ action: 'member.set', subject: member.id }),
        line({ action: 'key.create', subject: 'mine', operatorId: member.id }),
        line({ action: 'instance.leave', subject: 'gone', instanceId: 'gone', operatorId: member.id }),
      ]
      const hidden = [
        line({ action: 'connection.change', subject: elsewhere.id }),
        line({ action: 'connection.change', subject: elsewhere.id, operatorId: member.id }),
        line({ action: 'user.annotate', subject: 'ada', instanceId: other.id }),
        line({ action: 'key.create', subject: "another's" }),
        line({ action: 'instance.leave', subject: 'gone', instanceId: 'gone' }),
      ]
      await store.transaction(async tables => {
        await tables.access.set(aGrant(connection, { kind: 'user', id: member.id }))
        for (const one of [...shown, ...hidden]) await tables.audit.add(one)
      })
      const lines = await store.read.audit.listAfter(project.id, '', 20, member.id)
      expect(lines.map(({ action, subject }) => [action, subject])).toEqual(
        shown.map(({ action, subject }) => [action, subject]),
      )
      expect(await store.read.audit.listAfter(project.id, '', 20)).toHaveLength(10)
    })
  })

  describe('teams', () => {
    it('have names of their own in a project, and members with roles', async () => {
      const { store } = opened
      const { project, member, team } = await twoServers(store)
      const same = { ...team, id: newShortId(), name: ` ${team.name} ` }
      await expect(store.transaction(tables => tables.teams.add(same))).rejects.toMatchObject({
        code: 'exists',
        subject: 'team',
      })
      await store.transaction(tables => tables.teams.setMember(team, member.id, 'member', NOON))
      await store.transaction(tables => tables.teams.setMember(team, member.id, 'admin', NOON + 1))
      const { read } = store
      expect(await read.teams.members(team.id)).toEqual([
        { teamId: team.id, operatorId: member.id, role: 'admin', since: NOON },
      ])
      expect(ids(await read.teams.list(project.id, { memberId: member.id }))).toEqual([team.id])
      expect(ids(await read.teams.list(project.id, { q: team.name.toUpperCase() }))).toEqual([team.id])
      expect(await read.teams.list(project.id, { q: '%' })).toEqual([])
      const stranger = store.transaction(tables => tables.teams.setMember(team, 'nobody12', 'member', NOON))
      await expect(stranger).rejects.toMatchObject({ code: 'conflict' })
    })
  })

  describe('data sources', () => {
    it('come back as they were stored, by creation, and keep their connection from going', async () => {
      const { store } = opened
      const { project, member, connection } = await twoServers(store)
      const csv = aSource(project.id, { createdAt: NOON - 1 })
      const table = aSource(project.id, { content: { kind: 'table', connectionId: connection.id, table: 'orders' } })
      await store.transaction(async tables => {
        for (const one of [table, csv]) await tables.dataSources.add(one)
        await tables.access.set({
          ...aGrant(connection, { kind: 'user', id: member.id }),
          entity: { kind: 'data-source', id: csv.id },
        })
      })
      const { read } = store
      expect(await read.dataSources.find(table.id)).toEqual(table)
      expect(await read.dataSources.listByOffset({ projectId: project.id }, 0, 9)).toEqual({
        items: [csv, table],
        total: 2,
      })
      const mine = await read.dataSources.listByOffset({ projectId: project.id, visibleTo: member.id }, 0, 9)
      expect(ids(mine.items)).toEqual([csv.id])
      expect(await read.dataSources.using([connection.id], 9)).toEqual([table.id])
      const drop = () => store.transaction(tables => tables.connections.remove(connection.id))
      await expect(drop()).rejects.toMatchObject({ code: 'conflict' })
      const saved = await store.transaction(tables => tables.dataSources.save({ ...csv, name: 'Renamed' }))
      expect(saved).toEqual({ ...csv, name: 'Renamed', version: 2 })
      await expect(store.transaction(tables => tables.dataSources.save(csv))).rejects.toMatchObject({
        code: 'precondition_failed',
      })
      expect(await store.transaction(tables => tables.dataSources.remove(table.id))).toBe(true)
      expect(await drop()).toBe(true)
    })
  })
}
