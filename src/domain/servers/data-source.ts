/** Rows that a client works with: a table that a connection leads to, or rows that were sent to us. */
export interface DataSource {
  /** 5 to 10 lower-case letters and digits. */
  readonly id: string
  readonly projectId: string
  readonly name: string
  readonly content: TableContent | CsvContent
  readonly createdBy: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly version: number
}

export interface TableContent {
  readonly kind: 'table'
  readonly connectionId: string
  /** A table or view, as its caller named it; looked for when it is read, not before. */
  readonly table: string
}

export interface CsvContent extends Rows {
  readonly kind: 'csv'
}

/** Columns, and rows of texts in their order. */
export interface Rows {
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly string[])[]
}

export interface Column {
  readonly name: string
  /** What its caller said of its format; echoed. */
  readonly type?: Readonly<Record<string, string>>
}
