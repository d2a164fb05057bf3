import { type Context, withNulls } from '../../context.ts'
import type { Instances } from '../../interface/servers.ts'
import { toServerRow } from './instance-rows.ts'

/** Which server an instance was seen to be, and the fingerprints by which it is known again. */
export function seenServers(context: Context): Pick<Instances, 'see' | 'fingerprints' | 'setChangedServer'> {
  const { db } = context
  return {
    async see(id, { server, managingConnectionId, trust }) {
      const managing = managingConnectionId === undefined ? {} : { managingConnectionId }
      await db
        .updateTable('instances')
        .set({ ...toServerRow(server), ...managing })
        .where('id', '=', id)
        .execute()
      if (trust && server.fingerprint !== undefined)
        await trustFingerprint(context, id, server.fingerprint, server.seenAt)
    },
    async fingerprints(id) {
      const query = db.selectFrom('instanceFingerprints').select('fingerprint').where('instanceId', '=', id)
      const rows = await query.orderBy('since').orderBy('fingerprint').execute()
      return rows.map(row => row.fingerprint)
    },
    async setChangedServer(id, changed) {
      const row = withNulls({ changedFingerprint: changed?.fingerprint, changedSince: changed?.since })
      await db.updateTable('instances').set(row).where('id', '=', id).execute()
    },
  }
}

async function trustFingerprint({ db }: Context, instanceId: string, fingerprint: string, since: number) {
  const insert = db.insertInto('instanceFingerprints').values({ instanceId, fingerprint, since })
  await insert.onConflict(known => known.columns(['instanceId', 'fingerprint']).doNothing()).execute()
}
