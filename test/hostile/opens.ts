import type pg from 'pg'
import { Secret } from '../../src/domain/secret.ts'
import { preparedPassword } from '../../src/engines/postgresql/users/saslprep.ts'
import { scramVerifier } from '../../src/engines/postgresql/users/scram.ts'
import { logsIn } from '../support/logins.ts'
import type { Ground } from './ground.ts'

/** The driver of this test prepares some exotic passwords otherwise than the server does: then what the server keeps must be of it. */
export async function opens({ server, engine }: Ground, name: string, password: string): Promise<boolean> {
  return (await logsIn(server, name, password)) || (isExotic(password) && isKept(engine, name, password))
}

const isExotic = (password: string) =>
  password.normalize('NFKC') !== password || preparedPassword(password) !== password

async function isKept(engine: pg.Client, name: string, password: string): Promise<boolean> {
  const { rows } = await engine.query('select rolpassword as kept from pg_authid where rolname = $1', [name])
  const [, salt] = /^SCRAM-SHA-256\$4096:([^$]+)\$/.exec(rows[0].kept) ?? []
  return (await scramVerifier(new Secret(password), Buffer.from(salt!, 'base64'))).reveal() === rows[0].kept
}
