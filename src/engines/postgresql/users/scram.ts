import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { Secret } from '../../../domain/secret.ts'
import { preparedPassword } from './saslprep.ts'

const derive = promisify(pbkdf2)

/** PostgreSQL's own number (`scram_iterations`): every log-in pays for it, on the client's machine and on poolers. */
const ITERATIONS = 4096
const SALT_BYTES = 16

/** How a verifier is shown. */
export const VERIFIER_SHOWN = 'SCRAM-SHA-256$…'

/** What PostgreSQL keeps of a password (RFC 5802): enough to check it, not enough to log in with. */
export async function scramVerifier(password: Secret, salt = randomBytes(SALT_BYTES)): Promise<Secret> {
  const salted = await derive(preparedPassword(password.reveal()), salt, ITERATIONS, 32, 'sha256')
  const storedKey = createHash('sha256').update(keyed(salted, 'Client Key')).digest('base64')
  const serverKey = keyed(salted, 'Server Key').toString('base64')
  return new Secret(`SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`)
}

const keyed = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
