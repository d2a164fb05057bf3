import type { ServerState } from '../link/server.ts'

/** What the managing login may not do, each in words that say what to give it. */
export function missingRights({ version, me }: ServerState): readonly string[] {
  if (me.superuser) return []
  const missing: readonly (readonly [boolean, string])[] = [
    [!me.createRole, 'CREATEROLE: without it logins can be listed, but not made, changed or dropped'],
    [!me.createDb, 'CREATEDB: without it databases can neither be made nor get their owner'],
    [!me.signal, 'membership in pg_signal_backend: without it sessions of others may outlive their login'],
    [
      version < 160000 && !me.inherits,
      'INHERIT: before PostgreSQL 16 it grants on, and cleans up after, only what it owns itself without it',
    ],
    [version < 160000, 'superuser: before PostgreSQL 16 nobody else gives or takes REPLICATION'],
    [version >= 160000 && !me.replication, 'REPLICATION: without it the attribute can be given to nobody'],
  ]
  return missing.filter(([lacks]) => lacks).map(([, words]) => words)
}
