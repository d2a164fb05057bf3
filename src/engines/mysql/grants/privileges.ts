import { CATALOGUE_ROLES, type CatalogueRole } from '../../../domain/users/grant.ts'

/** What can be granted on a database: the column of `mysql.db` that keeps it, and the statement's word for it. */
const COLUMNS = {
  Select_priv: 'select',
  Insert_priv: 'insert',
  Update_priv: 'update',
  Delete_priv: 'delete',
  Create_priv: 'create',
  Drop_priv: 'drop',
  References_priv: 'references',
  Index_priv: 'index',
  Alter_priv: 'alter',
  Create_tmp_table_priv: 'create temporary tables',
  Lock_tables_priv: 'lock tables',
  Create_view_priv: 'create view',
  Show_view_priv: 'show view',
  Create_routine_priv: 'create routine',
  Alter_routine_priv: 'alter routine',
  Execute_priv: 'execute',
  Event_priv: 'event',
  Trigger_priv: 'trigger',
} as const

export type Privilege = (typeof COLUMNS)[keyof typeof COLUMNS]

const WORDS = Object.values(COLUMNS) as readonly Privilege[]

/** For the server's own eyes: the privileges of a row of `mysql.db` as a text of Y and N. */
export const PRIVILEGES_OF_ROW = `concat(${Object.keys(COLUMNS)
  .map(column => `d.${column}`)
  .join(', ')})`

export function privilegesIn(flags: string): ReadonlySet<Privilege> {
  return new Set(WORDS.filter((_, at) => flags[at] === 'Y'))
}

/** Everything on a database, but handing it on: what MariaDB counts beside it (DELETE HISTORY) goes with it. */
const ALL: ReadonlySet<Privilege> = new Set(WORDS)

const READ: readonly Privilege[] = ['select', 'show view']
const READWRITE: readonly Privilege[] = [
  ...READ,
  'insert',
  'update',
  'delete',
  'execute',
  'create temporary tables',
  'lock tables',
]

/** The account's own privileges on the database that a catalogue role is, here. */
const CATALOGUE: Readonly<Record<CatalogueRole, ReadonlySet<Privilege>>> = {
  read: new Set(READ),
  readwrite: new Set(READWRITE),
  owner: ALL,
}

export const privilegesOf = (role: CatalogueRole): ReadonlySet<Privilege> => CATALOGUE[role]

/** The catalogue role that these are, no more and no less. */
export function catalogueRoleOf(has: ReadonlySet<Privilege>): CatalogueRole | undefined {
  return CATALOGUE_ROLES.find(role => isSame(CATALOGUE[role], has))
}

const isSame = (one: ReadonlySet<Privilege>, other: ReadonlySet<Privilege>) =>
  one.size === other.size && [...one].every(privilege => other.has(privilege))

const CHANGES_TABLES: readonly Privilege[] = ['create', 'drop', 'alter', 'index', 'create view', 'create routine']
const CHANGES_ROWS: readonly Privilege[] = ['insert', 'update', 'delete']

/** The catalogue role that privileges which somebody gave come nearest to. */
export function nearestRole(has: ReadonlySet<Privilege>): CatalogueRole | undefined {
  if (CHANGES_TABLES.some(privilege => has.has(privilege))) return 'owner'
  if (CHANGES_ROWS.some(privilege => has.has(privilege))) return 'readwrite'
  return has.size > 0 ? 'read' : undefined
}

/** As a statement names them. */
export function privilegeList(privileges: ReadonlySet<Privilege>): string {
  return isSame(privileges, ALL) ? 'all privileges' : WORDS.filter(word => privileges.has(word)).join(', ')
}
