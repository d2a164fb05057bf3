/** Something to look at: what a small shop has, with logins that were there before Rolecall came. */
export const LOGINS = ['orders_app', 'billing_app', 'reporting'] as const

interface SampleDatabase {
  readonly name: string
  readonly owner: (typeof LOGINS)[number]
  readonly tables: readonly SampleTable[]
}

interface SampleTable {
  readonly name: string
  /** Their types in words that every SQL server takes; the first is its key. */
  readonly columns: Readonly<Record<string, string>>
  readonly rows: readonly (readonly Value[])[]
}

type Value = string | number | boolean

export const DATABASES: readonly SampleDatabase[] = [
  {
    name: 'orders',
    owner: 'orders_app',
    tables: [
      {
        name: 'customers',
        columns: { id: 'integer primary key', name: 'text not null' },
        rows: [
          [1, 'Ada'],
          [2, 'Grace'],
          [3, 'Edsger'],
        ],
      },
      {
        name: 'orders',
        columns: {
          id: 'integer primary key',
          customer: 'integer not null references customers (id)',
          total: 'numeric(10, 2) not null',
        },
        rows: [
          [1, 1, 19.9],
          [2, 1, 5],
          [3, 3, 120],
        ],
      },
    ],
  },
  {
    name: 'billing',
    owner: 'billing_app',
    tables: [
      {
        name: 'invoices',
        columns: { id: 'integer primary key', total: 'numeric(10, 2) not null', paid: 'boolean not null' },
        rows: [
          [1, 24.9, true],
          [2, 120, false],
        ],
      },
    ],
  },
  {
    name: 'analytics',
    owner: 'reporting',
    tables: [
      {
        name: 'visits',
        columns: { day: 'date primary key', visitors: 'integer not null' },
        rows: [
          ['2026-11-01', 1203],
          ['2026-11-02', 1377],
        ],
      },
    ],
  },
]

/** What follows a table's name where it is made. */
export function columnsInSql({ columns }: SampleTable): string {
  return Object.entries(columns)
    .map(([name, type]) => `${name} ${type}`)
    .join(', ')
}

/** What follows `values`. */
export function rowsInSql({ rows }: SampleTable): string {
  const inSql = (value: Value) => (typeof value === 'string' ? `'${value}'` : String(value))
  return rows.map(row => `(${row.map(inSql).join(', ')})`).join(', ')
}

/** A table's rows where there are no tables; its key is theirs. */
export function documentsOf({ columns, rows }: SampleTable): readonly Readonly<Record<string, Value>>[] {
  const [, ...names] = Object.keys(columns)
  return rows.map(([key, ...values]) => ({
    _id: key!,
    ...Object.fromEntries(names.map((name, at) => [name, values[at]!])),
  }))
}
