import type { CatalogueRole } from '../../../domain/users/grant.ts'

/** What a catalogue role may do with each kind of thing in its database, in the server's words. */
export interface Rights {
  readonly database: readonly string[]
  readonly schemas: readonly string[]
  readonly tables: readonly string[]
  readonly sequences: readonly string[]
  readonly routines: readonly string[]
}

export const RIGHTS: Readonly<Record<CatalogueRole, Rights>> = {
  read: {
    database: ['CONNECT'],
    schemas: ['USAGE'],
    tables: ['SELECT'],
    sequences: ['SELECT'],
    routines: [],
  },
  readwrite: {
    database: ['CONNECT', 'TEMPORARY'],
    schemas: ['USAGE'],
    tables: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'],
    sequences: ['SELECT', 'USAGE', 'UPDATE'],
    routines: ['EXECUTE'],
  },
  owner: {
    database: ['CONNECT', 'TEMPORARY', 'CREATE'],
    schemas: ['USAGE', 'CREATE'],
    tables: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'],
    sequences: ['SELECT', 'USAGE', 'UPDATE'],
    routines: ['EXECUTE'],
  },
}

/** In statements, lower case. */
export function words(rights: readonly string[]): string {
  return rights.join(', ').toLowerCase()
}
