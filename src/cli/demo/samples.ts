import pg from 'pg'
import { MANAGING_LOGIN } from './make-cluster.ts'

/** Something to look at: what a small shop has, with logins that were there before Rolecall came. */
const LOGINS = ['orders_app', 'billing_app', 'reporting'] as const

const DATABASES: Readonly<Record<string, { readonly owner: string; readonly tables: readonly string[] }>> = {
  orders: {
    owner: 'orders_app',
    tables: [
      `create table if not exists customers (id integer primary key, name text not null)`,
      `create table if not exists orders (id integer primary key, customer integer not null references customers, total numeric not null)`,
      `insert into customers values (1, 'Ada'), (2, 'Grace'), (3, 'Edsger') on conflict do nothing`,
      `insert into orders values (1, 1, 19.90), (2, 1, 5), (3, 3, 120) on conflict do nothing`,
    ],
  },
  billing: {
    owner: 'billing_app',
    tables: [
      `create table if not exists invoices (id integer primary key, total numeric not null, paid boolean not null)`,
      `insert into invoices values (1, 24.90, true), (2, 120, false) on conflict do nothing`,
    ],
  },
  analytics: {
    owner: 'reporting',
    tables: [
      `create table if not exists visits (day date primary key, visitors integer not null)`,
      `insert into visits values ('2026-11-01', 1203), ('2026-11-02', 1377) on conflict do nothing`,
    ],
  },
}

/** Safe to run again: a start that was killed in the middle goes on where it was. */
export async function addSamples(port: number, password: string): Promise<void> {
  const as = (database: string) => ({ host: '127.0.0.1', port, user: MANAGING_LOGIN, password, database })
  await withClient(as('postgres'), async client => {
    for (const login of LOGINS) await createOnce(client, 'pg_roles', 'rolname', login, `create role ${login} login`)
    for (const [name, { owner }] of Object.entries(DATABASES)) {
      await createOnce(client, 'pg_database', 'datname', name, `create database ${name} owner ${owner}`)
    }
  })
  for (const [name, { owner, tables }] of Object.entries(DATABASES)) {
    await withClient(as(name), async client => {
      for (const statement of [`set role ${owner}`, ...tables]) await client.query(statement)
    })
  }
}

async function createOnce(client: pg.Client, catalog: string, column: string, name: string, statement: string) {
  const { rowCount } = await client.query(`select 1 from ${catalog} where ${column} = $1`, [name])
  if (!rowCount) await client.query(statement)
}

async function withClient(config: pg.ClientConfig, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(config)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
