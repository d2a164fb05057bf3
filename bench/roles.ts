import type pg from 'pg'

/** Every login of the benchmarks begins so. */
const PREFIX = 'bench_'

export const roleName = (n: number): string => `${PREFIX}${String(n).padStart(8, '0')}`

/** Makes logins up to `count`, in batches: the server would keep a lock for each until the end of one big transaction. */
export async function makeRoles(engine: pg.Client, from: number, count: number): Promise<void> {
  const batch = 2_000
  for (let first = from; first < count; first += batch) {
    const last = Math.min(first + batch, count) - 1
    await engine.query(
      `do $$ begin for n in ${first}..${last} loop execute format('create role %I login', '${PREFIX}' || lpad(n::text, 8, '0')); end loop; end $$`,
    )
  }
}

export async function dropRoles(engine: pg.Client): Promise<void> {
  for (;;) {
    const { rows } = await engine.query(
      `select rolname from pg_roles where rolname like '${PREFIX.replace('_', '\\_')}%' limit 2000`,
    )
    if (rows.length === 0) return
    await engine.query(`drop role ${rows.map(({ rolname }) => `"${rolname}"`).join(', ')}`)
  }
}
