import type { Invitation, InvitedTo } from '../../../domain/callers/invitation.ts'
import type { Secret } from '../../../domain/secret.ts'
import type { Role } from '../../../domain/users/role.ts'
import { type Context, contains, searchable, withNulls, withoutNulls } from '../../context.ts'
import type { Invitations } from '../../interface/callers.ts'
import type { InvitationRow } from '../../rows/callers.ts'

export function invitationTable(context: Context): Invitations {
  const { db, vault } = context
  const select = () => db.selectFrom('invitations').selectAll()
  return {
    async add(invitation, code) {
      const codeHash = vault.hash(code.reveal())
      await db.insertInto('invitations').values(toRow(invitation, codeHash)).execute()
    },
    async find(id) {
      const row = await select().where('id', '=', id).executeTakeFirst()
      return row && invitationFrom(row)
    },
    async findByCode(code: Secret) {
      const row = await select().where('codeHash', '=', vault.hash(code.reveal())).executeTakeFirst()
      return row && invitationFrom(row)
    },
    async list(projectId, q) {
      const all = select().where('projectId', '=', projectId)
      const query = q ? all.where(contains(context, 'searchText', q)) : all
      return (await query.orderBy('createdAt').orderBy('id').execute()).map(invitationFrom)
    },
    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('invitations').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
    async sweep(now) {
      await db.deleteFrom('invitations').where('expiresAt', '<=', now).execute()
    },
  }
}

function toRow({ to, ...invitation }: Invitation, codeHash: string): InvitationRow {
  return withNulls({
    ...invitation,
    thingKind: to?.kind,
    thingId: to?.id,
    thingRole: to?.role,
    codeHash,
    searchText: searchable(invitation.email),
  })
}

function invitationFrom(row: InvitationRow): Invitation {
  const { thingKind, thingId, thingRole, codeHash: _, searchText: _text, ...invitation } = row
  const to = thingKind === null ? null : ({ kind: thingKind, id: thingId, role: thingRole } as InvitedTo)
  return withoutNulls({ ...invitation, role: row.role as Role, to })
}
