import type { MongoClient } from 'mongodb'
import { MANAGING_LOGIN, type ManagingLogin } from '../product.ts'

/** Longer than a server on this machine needs to say something. */
const ANSWERS_WITHIN_MS = 2000

export async function takesLogins(login: ManagingLogin): Promise<boolean> {
  try {
    await withClient(login, client => client.db('admin').command({ ping: 1 }))
    return true
  } catch {
    return false
  }
}

/** A session of the managing login; of nobody, where there is no password. */
export async function withClient<T>(
  { port, password }: Pick<ManagingLogin, 'port'> & Partial<ManagingLogin>,
  work: (client: MongoClient) => Promise<T>,
): Promise<T> {
  // The driver is loaded where somebody asked for such a server, and nowhere else.
  const { MongoClient } = await import('mongodb')
  const auth = password === undefined ? {} : { auth: { username: MANAGING_LOGIN, password }, authSource: 'admin' }
  const options = { directConnection: true, serverSelectionTimeoutMS: ANSWERS_WITHIN_MS }
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/`, { ...auth, ...options })
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}
