import mysql from 'mysql2/promise'
import { engineClient, logsIn } from '../../../../support/logins.ts'
import type { TestServer } from '../../../../support/servers.ts'
import type { Whom } from '../../../../support/trove/driver.ts'
import type { OwnServer } from './kind.ts'

/** How a kind of server says it in SQL. */
export interface SqlWords {
  /** A login without a password. */
  makeLogin(whom: Whom): string
  dropLogin(whom: Whom): string
  /** Asks for the statements that drop every login and database of tests, each as a `statement`. */
  readonly leftovers: string
}

export function sqlServer(server: TestServer, words: SqlWords, stop: () => PromiseLike<void>): OwnServer {
  const sql = async (statements: readonly string[]) => void (await statementsAs(server, statements))
  return {
    server,
    makeLogins: (...logins) => sql(logins.map(words.makeLogin)),
    dropLogins: (...logins) => sql(logins.map(words.dropLogin)),
    makeDatabases: (...names) => sql(names.map(name => `create database ${name}`)),
    dropDatabases: (...names) => sql(names.map(name => `drop database ${name}`)),
    clear: async () => {
      const left = await statementsAs(server, [words.leftovers])
      if (left.length > 0) await sql(left.map(({ statement }) => statement!))
    },
    logsIn: (name, password) => logsIn(server, name, password),
    mayWrite: (username, password, database) => mayWrite({ ...server, username, password, database }),
    rules: (root, password) => logsIn(server, root, password),
    [Symbol.asyncDispose]: async () => void (await stop()),
  }
}

const REFUSED = ['42501', '3D000', 'ER_DBACCESS_DENIED_ERROR', 'ER_TABLEACCESS_DENIED_ERROR']
const STATEMENTS = ['create table written (a int)', 'insert into written values (1)', 'drop table written']

async function mayWrite(as: TestServer): Promise<boolean> {
  try {
    await statementsAs(as, STATEMENTS)
    return true
  } catch (error) {
    if (REFUSED.includes((error as { code?: string }).code ?? '')) return false
    throw error
  }
}

type Row = Readonly<Record<string, string>>

/** Answers the rows of the last one. */
export async function statementsAs(server: TestServer, statements: readonly string[]): Promise<readonly Row[]> {
  const client = await clientOf(server)
  try {
    let rows: readonly Row[] = []
    for (const statement of statements) rows = await client.rows(statement)
    return rows
  } finally {
    await client.end()
  }
}

interface Client {
  rows(statement: string): Promise<readonly Row[]>
  end(): Promise<void>
}

async function clientOf(server: TestServer): Promise<Client> {
  const { engine, host, port, username: user, password, database } = server
  if (engine !== 'mysql') {
    const client = await engineClient(server)
    return { rows: async statement => (await client.query(statement)).rows, end: () => client.end() }
  }
  const client = await mysql.createConnection({ host, port, user, password, database })
  return {
    rows: async statement => (await client.query(statement))[0] as unknown as readonly Row[],
    end: () => client.end(),
  }
}
