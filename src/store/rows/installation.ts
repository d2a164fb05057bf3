export interface InstallationRow {
  one: 1
  id: string
  schemaVersion: number
  /** The release that brought this schema. */
  release: string
}

export interface DataKeyRow {
  id: string
  purpose: 'seal' | 'lookup'
  wrapped: string
  createdAt: number
}
