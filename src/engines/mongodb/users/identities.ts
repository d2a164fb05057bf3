import { toFault } from '../../../domain/fault.ts'
import { cutPage, type Page } from '../../../domain/page.ts'
import type { UserIdentity } from '../../../domain/users/user.ts'
import type { IdentityPage } from '../../engine.ts'
import type { Link } from '../link/link.ts'
import type { Document } from '../link/session.ts'
import { MARKER } from '../marks.ts'
import { type Account, accountOrder } from '../names.ts'
import { incarnationOfLogin, loginFrom } from './read.ts'

/** What tells a login from others of its name: the number that its server gave it, or our mark, wherever it keeps that. */
const IDENTITY = {
  ...{ _id: 0, user: 1, db: 1, userId: 1, 'customData.rolecall': 1 },
  roles: { $elemMatch: { db: 'admin', role: { $regex: MARKER.source } } },
}

/** Cut on the server over the index that it keeps of its logins; in one database they come by their names. */
export async function listIdentities(link: Link, page: IdentityPage, signal: AbortSignal): Promise<Page<UserIdentity>> {
  const { rows, most } = await readRows(link, page, signal)
  const { items, next } = cutPage(rows, most, ({ user }) => user)
  return { items: items.map(identityFrom), next }
}

/** Not everybody may read the catalogue itself. A command tells the same, but all of it at once. */
async function readRows(link: Link, { authDatabase: db, after = '', limit }: IdentityPage, signal: AbortSignal) {
  const find = { find: 'system.users', filter: { db, user: { $gt: after } }, sort: { user: 1, db: 1 } }
  const how = { projection: IDENTITY, limit: limit + 1, batchSize: limit + 1, singleBatch: true }
  try {
    const { cursor } = await link.ask(signal, 'admin', { ...find, ...how })
    return { rows: cursor.firstBatch as readonly Document[], most: limit }
  } catch (error) {
    if (toFault(error).code !== 'missing_right') throw error
    const { users } = await link.ask(signal, db, { usersInfo: 1, showCustomData: true })
    const rows = (users as readonly (Document & Account)[]).toSorted(accountOrder)
    return { rows: rows.filter(row => accountOrder(row, { user: after, db }) > 0), most: rows.length }
  }
}

function identityFrom(row: Document): UserIdentity {
  const login = loginFrom(row)
  return { name: login.user, authDatabase: login.db, incarnation: incarnationOfLogin(login) }
}
