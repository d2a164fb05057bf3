/** Something to look at: what a small shop has, with logins that were there before Rolecall came. */
export const LOGINS = ['orders_app', 'billing_app', 'reporting'] as const

interface SampleDatabase {
  readonly name: string
  readonly owner: (typeof LOGINS)[number]
  readonly tables: readonly SampleTable[]
}

interface SampleTable {
  readonly name: string
  /** Both in words that every product takes. */
  readonly columns: string
  readonly rows: string
}

export const DATABASES: readonly SampleDatabase[] = [
  {
    name: 'orders',
    owner: 'orders_app',
    tables: [
      {
        name: 'customers',
        columns: 'id integer primary key, name text not null',
        rows: `(1, 'Ada'), (2, 'Grace'), (3, 'Edsger')`,
      },
      {
        name: 'orders',
        columns: `id integer primary key, customer integer not null references customers (id), total numeric(10, 2) not null`,
        rows: '(1, 1, 19.90), (2, 1, 5), (3, 3, 120)',
      },
    ],
  },
  {
    name: 'billing',
    owner: 'billing_app',
    tables: [
      {
        name: 'invoices',
        columns: 'id integer primary key, total numeric(10, 2) not null, paid boolean not null',
        rows: '(1, 24.90, true), (2, 120, false)',
      },
    ],
  },
  {
    name: 'analytics',
    owner: 'reporting',
    tables: [
      {
        name: 'visits',
        columns: 'day date primary key, visitors integer not null',
        rows: `('2026-11-01', 1203), ('2026-11-02', 1377)`,
      },
    ],
  },
]
