import type { CatalogueRole } from '../../../domain/users/grant.ts'
import type { Statement } from '../../engine.ts'
import { open, quoteName } from '../sql.ts'
import type { Group, Lacking } from './lacking.ts'
import { RIGHTS, words } from './rights.ts'

/** One statement names no more things than this: a server logs it whole. */
const AT_ONCE = 200

/** Gives a catalogue role what it lacks in its database. */
export function grantLacking(name: string, role: CatalogueRole, lacking: Lacking): readonly Statement[] {
  const rights = RIGHTS[role]
  const to = quoteName(name)
  const schemas = lacking.schemas.map(quoteName)
  return [
    ...inLots(schemas).map(lot => open(`grant ${words(rights.schemas)} on schema ${lot} to ${to}`)),
    ...lacking.tables.flatMap(group => grantOn('table', group, rights.tables, to)),
    ...lacking.sequences.flatMap(group => grantOn('sequence', group, rights.sequences, to)),
    ...lacking.routines.flatMap(group => grantOn('routine', group, rights.routines, to)),
  ]
}

function grantOn(
  kind: string,
  { schema, whole, names }: Group,
  rights: readonly string[],
  to: string,
): readonly Statement[] {
  if (whole) return [open(`grant ${words(rights)} on all ${kind}s in schema ${quoteName(schema)} to ${to}`)]
  return inLots(names).map(lot => open(`grant ${words(rights)} on ${kind} ${lot} to ${to}`))
}

function inLots(names: readonly string[]): readonly string[] {
  const lots = Math.ceil(names.length / AT_ONCE)
  return Array.from({ length: lots }, (_, lot) => names.slice(lot * AT_ONCE, (lot + 1) * AT_ONCE).join(', '))
}

/** Whatever the owner role makes from now on, the other role gets its rights on. */
export function coverFuture(owner: string, name: string, role: CatalogueRole): readonly Statement[] {
  const { schemas, tables, sequences, routines } = RIGHTS[role]
  const kinds = { schemas, tables, sequences, routines }
  return Object.entries(kinds)
    .filter(([, rights]) => rights.length > 0)
    .map(([kind, rights]) =>
      open(
        `alter default privileges for role ${quoteName(owner)} grant ${words(rights)} on ${kind} to ${quoteName(name)}`,
      ),
    )
}
