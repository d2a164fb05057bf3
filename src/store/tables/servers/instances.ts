import { Fault } from '../../../domain/fault.ts'
import { cutPage } from '../../../domain/page.ts'
import { type Context, staleVersion, within } from '../../context.ts'
import { isDangling } from '../../faults.ts'
import type { Instances } from '../../interface/servers.ts'
import { findByAddress, twinsOf } from './addresses.ts'
import { dialectViewTable } from './dialect-views.ts'
import { instanceFrom, toNewRow, toRow } from './instance-rows.ts'
import { seenServers } from './seen-servers.ts'
import { visibleInstances } from './visibility.ts'

export function instanceTable(context: Context): Instances {
  const { db } = context
  const select = () => db.selectFrom('instances').selectAll()
  return {
    ...dialectViewTable(context),
    ...seenServers(context),
    async add(instance) {
      await db.insertInto('instances').values(toNewRow(instance)).execute()
    },
    async find(id) {
      const row = await select().where('id', '=', id).executeTakeFirst()
      return row && instanceFrom(row)
    },
    async list(projectId, page, visibleTo) {
      const all =
        visibleTo === undefined ? select() : select().where('id', 'in', visibleInstances(context, projectId, visibleTo))
      const query = all.where('projectId', '=', projectId).where(within(context, page, 'id', 'searchText'))
      const rows = await query
        .orderBy('id')
        .limit(page.limit + 1)
        .execute()
      return cutPage(rows.map(instanceFrom), page.limit, instance => instance.id)
    },
    async findByAddress(projectId, engine, addresses) {
      const row = await findByAddress(context, projectId, engine, addresses)
      return row && instanceFrom(row)
    },
    twins: (id, projectId) => twinsOf(context, id, projectId),
    async findNamed(projectId, names) {
      const [column, text] = 'name' in names ? (['name', names.name] as const) : (['slug', names.slug] as const)
      const row = await select().where('projectId', '=', projectId).where(column, '=', text).executeTakeFirst()
      return row && instanceFrom(row)
    },
    async isTaken(projectId, { name, slug }, except = '') {
      const aliases = db.selectFrom('dialectViews').select('instanceId').where('projectId', '=', projectId)
      const others = db
        .selectFrom('instances')
        .select('id')
        .where('projectId', '=', projectId)
        .where('id', '!=', except)
      const row = await others
        .where(eb =>
          eb.or([
            eb('name', '=', name ?? null),
            eb('slug', '=', slug ?? null),
            eb('id', 'in', aliases.where('alias', '=', name ?? null)),
          ]),
        )
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
    },
    async save(instance) {
      const saved = { ...instance, version: instance.version + 1 }
      const query = db.updateTable('instances').set(toRow(saved)).where('id', '=', instance.id)
      const { numUpdatedRows } = await query.where('version', '=', instance.version).executeTakeFirst()
      if (numUpdatedRows !== 1n) throw staleVersion('instance')
      return saved
    },
    async remove(id) {
      await db.deleteFrom('instances').where('id', '=', id).execute().catch(throwInUse)
    },
    removeLeft: () => removeLeft(context),
    async count(projectId) {
      const query = db.selectFrom('instances').where('projectId', '=', projectId)
      const { rows } = await query.select(eb => eb.fn.countAll<number>().as('rows')).executeTakeFirstOrThrow()
      return rows
    },
  }
}

async function removeLeft({ db }: Context): Promise<void> {
  const busy = () =>
    db
      .selectFrom('operationTargets')
      .select('instanceId')
      .where('open', '=', 1)
      .union(db.selectFrom('expiries').select('instanceId'))
  const retired = db.deleteFrom('connections').where('removedAt', 'is not', null)
  await retired.where('instanceId', 'not in', busy()).execute()
  const left = db.deleteFrom('instances').where('leaving', '=', 1).where('id', 'not in', busy())
  await left.where('id', 'not in', db.selectFrom('connections').select('instanceId')).execute()
}

function throwInUse(error: unknown): never {
  if (!isDangling(error)) throw error
  throw new Fault('in_use', 'instance', 'The instance still has connections')
}
