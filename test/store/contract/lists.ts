import { describe, expect, it } from 'vitest'
import type { KeyPage, Page } from '../../../src/domain/page.ts'
import { newSecret } from '../../../src/domain/secret.ts'
import type { Store } from '../../../src/store/store.ts'
import {
  aConnection,
  aKey,
  aManagedServer,
  anAuditLine,
  anInstance,
  anOperation,
  anOperator,
  aProject,
  NOON,
} from '../builders.ts'
import type { Opened } from './harness.ts'

/** Reads a list in pages of two, as a caller would. */
async function pages<T>(list: (page: KeyPage) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = []
  for (let after: string | undefined, last = false; !last; ) {
    const page = await list({ limit: 2, after })
    expect(page.items.length).toBeLessThanOrEqual(2)
    items.push(...page.items)
    last = page.next === undefined
    after = page.next
  }
  return items
}

const ids = (items: readonly { readonly id: string }[]) => items.map(item => item.id)

export function lists(opened: Opened): void {
  describe('lists', () => {
    async function aFullProject(store: Store) {
      const { project, operator, instance, connection } = await aManagedServer(store)
      const instances = [instance, ...Array.from({ length: 4 }, () => anInstance(project.id))]
      const connections = [connection, ...Array.from({ length: 4 }, () => aConnection(instance))]
      const operators = [operator, ...Array.from({ length: 4 }, () => anOperator())]
      const keys = operators.map(({ id }) => aKey(id, project.id))
      await store.transaction(async tables => {
        for (const one of instances.slice(1)) await tables.instances.add(one)
        for (const one of connections.slice(1)) await tables.connections.add(one)
        for (const one of operators.slice(1)) await tables.operators.add(one)
        for (const one of operators) await tables.members.set(project.id, one.id, 'viewer', NOON)
        for (const one of keys) await tables.keys.add(one, newSecret())
      })
      return { project, instances, connections, operators, keys }
    }

    it('give every row once, in key order, page by page', async () => {
      const { store } = opened
      const { project, instances, connections, operators, keys } = await aFullProject(store)
      const { read } = store
      const sorted = (items: readonly { readonly id: string }[]) => ids(items).toSorted()
      expect(ids(await pages(page => read.instances.list(project.id, page)))).toEqual(sorted(instances))
      expect(ids(await pages(page => read.connections.list(project.id, page)))).toEqual(sorted(connections))
      expect(ids(await pages(page => read.keys.list(project.id, page)))).toEqual(sorted(keys))
      const members = await pages(page => read.members.list(project.id, page))
      expect(members.map(member => member.operatorId)).toEqual(sorted(operators))
      const all = ids(await pages(page => read.operators.list(page)))
      expect(all).toEqual(all.toSorted())
      expect(all).toEqual(expect.arrayContaining(ids(operators)))
    })

    it('of projects are narrowed to those that the caller may see', async () => {
      const { store } = opened
      const projects = Array.from({ length: 5 }, () => aProject())
      await store.transaction(async tables => {
        for (const project of projects) await tables.projects.add(project)
      })
      const seen = ids(projects).toSorted().slice(1, 4)
      expect(ids(await pages(page => store.read.projects.list(page, seen)))).toEqual(seen)
      expect((await store.read.projects.list({ limit: 2 }, [])).items).toEqual([])
      expect((await store.read.projects.list({ limit: 2 })).items).toHaveLength(2)
    })

    it('filter by a literal part of the name, in any case and without a locale', async () => {
      const { store } = opened
      const { instance, project } = await aManagedServer(store, { name: 'Ünïted 100%_Orders' })
      await store.transaction(tables => tables.connections.add(aConnection(instance, { name: 'united 1000 orders' })))
      const found = async (q: string) => {
        const { items, total } = await store.read.connections.listByOffset({ projectId: project.id, q }, 0, 10)
        expect((await store.read.connections.list(project.id, { limit: 10, q })).items).toHaveLength(total)
        expect(items).toHaveLength(total)
        return total
      }
      expect(await found('ÜNÏ')).toBe(1)
      expect(await found('%')).toBe(1)
      expect(await found('0_o')).toBe(0)
      expect(await found('%_oRD')).toBe(1)
      expect(await found('ORDERS')).toBe(2)
      expect(await found('')).toBe(2)
    })

    it('by offset go by age, then id, and tell the total', async () => {
      const { store } = opened
      const { project, instance, connection } = await aManagedServer(store, { createdAt: NOON + 2 })
      const older = ['bbbbb1', 'aaaaa1', 'ccccc1'].map(start =>
        aConnection(instance, { id: `${start}${instance.id.slice(0, 4)}`, createdAt: NOON + 1, databaseType: 'MYSQL' }),
      )
      await store.transaction(async tables => {
        for (const one of older) await tables.connections.add(one)
      })
      const list = (offset: number, limit: number, databaseTypes?: string[]) =>
        store.read.connections.listByOffset({ projectId: project.id, databaseTypes }, offset, limit)
      const [b, a, c] = older
      expect(ids((await list(0, 10)).items)).toEqual([a!.id, b!.id, c!.id, connection.id])
      expect(ids((await list(1, 2)).items)).toEqual([b!.id, c!.id])
      expect(await list(9, 2)).toEqual({ items: [], total: 4 })
      expect(await list(0, 2, ['MYSQL'])).toMatchObject({ total: 3 })
      expect(await list(0, 2, [])).toEqual({ items: [], total: 0 })
      expect(ids(await store.read.connections.ofInstance(instance.id))).toEqual([a!.id, b!.id, c!.id, connection.id])
    })

    it('of operations and audit lines begin with the newest', async () => {
      const { store } = opened
      const { project } = await aManagedServer(store)
      const operations = Array.from({ length: 5 }, () => anOperation({ projectId: project.id }))
      const subjects = ['one', 'two', 'three', 'four', 'five']
      await store.transaction(async tables => {
        for (const operation of operations) await tables.operations.begin(operation)
        for (const subject of subjects) await tables.audit.add(anAuditLine({ projectId: project.id, subject }))
      })
      const listed = await pages(page => store.read.operations.list({ projectId: project.id }, page))
      expect(ids(listed)).toEqual(ids(operations).toSorted().reverse())
      const lines = await pages(page => store.read.audit.list(project.id, page))
      expect(lines.map(line => line.subject)).toEqual(subjects.toReversed())
    })

    it('of audit lines give each line back as it was written', async () => {
      const { store } = opened
      const line = anAuditLine({ keyId: 'k', operationId: 'op_1', reason: 'because', detail: ['a', 'b'] })
      await store.transaction(tables => tables.audit.add(line))
      const { items } = await store.read.audit.list(line.projectId!, { limit: 5, q: 'ADA ON' })
      expect(items).toStrictEqual([{ ...line, id: items[0]!.id }])
      expect((await store.read.audit.list(line.projectId!, { limit: 5, q: 'eve' })).items).toEqual([])
    })
  })
}
