import type { Project } from '../../../domain/callers/project.ts'
import { Fault } from '../../../domain/fault.ts'
import { cutPage } from '../../../domain/page.ts'
import { type Context, fromJson, searchable, staleVersion, within, withNulls, withoutNulls } from '../../context.ts'
import { isDangling } from '../../faults.ts'
import type { Projects } from '../../interface/callers.ts'
import type { ProjectRow } from '../../rows/callers.ts'

export function projectTable(context: Context): Projects {
  const { db } = context
  const select = () => db.selectFrom('projects').selectAll()
  return {
    async add(project) {
      await db.insertInto('projects').values(toRow(project)).execute()
    },
    async find(id) {
      const row = await select().where('id', '=', id).executeTakeFirst()
      return row && projectFrom(row)
    },
    async findByAlias(alias) {
      const row = await select().where('alias', '=', alias).executeTakeFirst()
      return row && projectFrom(row)
    },
    async hold(id) {
      const query = select().where('id', '=', id)
      const row = await (context.words.rowLocks ? query.forNoKeyUpdate() : query).executeTakeFirst()
      return row && projectFrom(row)
    },
    async list(page, among) {
      if (among?.length === 0) return { items: [] }
      const all = select().where(within(context, page, 'id', 'searchText'))
      const query = among ? all.where('id', 'in', [...among]) : all
      const rows = await query
        .orderBy('id')
        .limit(page.limit + 1)
        .execute()
      return cutPage(rows.map(projectFrom), page.limit, project => project.id)
    },
    async save(project) {
      const saved = { ...project, version: project.version + 1 }
      const query = db.updateTable('projects').set(toRow(saved)).where('id', '=', project.id)
      const { numUpdatedRows } = await query.where('version', '=', project.version).executeTakeFirst()
      if (numUpdatedRows !== 1n) throw staleVersion('project')
      return saved
    },
    async remove(id) {
      await db.deleteFrom('projects').where('id', '=', id).execute().catch(throwInUse)
    },
  }
}

function throwInUse(error: unknown): never {
  if (!isDangling(error)) throw error
  throw new Fault('in_use', 'project', 'The project still has instances: remove their connections first')
}

function toRow(project: Project): ProjectRow {
  return withNulls({
    id: project.id,
    name: project.name,
    alias: project.alias,
    policy: JSON.stringify(project.policy),
    createdAt: project.createdAt,
    version: project.version,
    searchText: searchable(project.name, project.alias),
  })
}

function projectFrom({ searchText: _, ...row }: ProjectRow): Project {
  return { ...withoutNulls(row), policy: fromJson(row.policy) }
}
