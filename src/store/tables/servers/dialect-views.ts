import { type Context, fromJson, withNulls, withoutNulls } from '../../context.ts'
import type { DialectView, Instances } from '../../interface/servers.ts'
import type { DialectViewRow } from '../../rows/servers.ts'

/** How each dialect sees the instances: the part of `Instances` that has a table of its own. */
export function dialectViewTable({ db }: Context): Pick<Instances, 'view' | 'viewsOf' | 'views' | 'setView'> {
  const select = (dialect: string) => db.selectFrom('dialectViews').selectAll().where('dialect', '=', dialect)
  return {
    async view(id, dialect) {
      const row = await select(dialect).where('instanceId', '=', id).executeTakeFirst()
      return row && viewFrom(row)
    },
    async viewsOf(id) {
      const rows = await db.selectFrom('dialectViews').selectAll().where('instanceId', '=', id).execute()
      return new Map(rows.map(row => [row.dialect, viewFrom(row)]))
    },
    async views(projectId, dialect) {
      const rows = await select(dialect).where('projectId', '=', projectId).execute()
      return new Map(rows.map(row => [row.instanceId, viewFrom(row)]))
    },
    async setView(id, dialect, view) {
      const row = withNulls({ state: view.state, alias: view.alias, details: JSON.stringify(view.details) })
      await db
        .insertInto('dialectViews')
        .columns(['instanceId', 'projectId', 'dialect', 'state', 'alias', 'details'])
        .expression(eb =>
          eb
            .selectFrom('instances')
            .where('id', '=', id)
            .select(['id', 'projectId'])
            .select(({ val }) => [
              val(dialect).as('dialect'),
              val(row.state).as('state'),
              val(row.alias).as('alias'),
              val(row.details).as('details'),
            ]),
        )
        .onConflict(taken => taken.columns(['instanceId', 'dialect']).doUpdateSet(row))
        .execute()
    },
  }
}

function viewFrom(row: DialectViewRow): DialectView {
  const { state, alias, details } = withoutNulls(row)
  return withoutNulls({ state, alias, details: fromJson<Record<string, unknown>>(details) })
}
