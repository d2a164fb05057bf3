import type { TestServer } from '../../../../support/servers.ts'
import type { Whom } from '../../../../support/trove/driver.ts'

/** A kind of server that the clients are tried on. */
export interface Kind {
  readonly name: string
  readonly isLeftOut: boolean
  /** Its word in this API, and its root. */
  readonly datastore: string
  readonly root: string
  readonly reservedDatabase: string
  /** A host is part of a user's name. */
  readonly hosts: boolean
  /** A user may get another name. */
  readonly renames: boolean
  /** False: the server lets in nobody of that name, whoever made the login. */
  letsIn(name: string): boolean
  /** As this API says a name that a client said. */
  shown(name: string): string
  start(): Promise<OwnServer>
}

/** A server of one test file's own: whole lists are compared, and its root is switched on and off. What it does is done behind Rolecall's back. */
export interface OwnServer extends AsyncDisposable {
  /** As the login that Rolecall has there, which is not its root. */
  readonly server: TestServer
  makeLogins(...logins: readonly Whom[]): Promise<void>
  dropLogins(...logins: readonly Whom[]): Promise<void>
  makeDatabases(...names: readonly string[]): Promise<void>
  dropDatabases(...names: readonly string[]): Promise<void>
  /** Drops every login and database of tests. */
  clear(): Promise<void>
  logsIn(name: string, password: string): Promise<boolean>
  /** True if the login may do everything in the database: it makes a table there, fills it, and drops it. */
  mayWrite(name: string, password: string, database: string): Promise<boolean>
  /** True if root can be used by this password. */
  rules(root: string, password: string): Promise<boolean>
}
