import type { ServerFacts } from '../../../domain/servers/instance.ts'
import type { Account } from '../names.ts'
import type { Document } from './session.ts'

/** What a link learns of its server and of itself before it asks anything else. */
export interface ServerState {
  readonly version: string
  readonly readOnly: boolean
  readonly fingerprint?: string
  /** `host:port` of the one that takes changes, if this one doesn't. */
  readonly primary?: string
  /** It hands requests on to the shards of a cluster. */
  readonly sharded?: boolean
  /** Undefined where nobody has to log in. */
  readonly me?: Account
  readonly seenAt: number
}

/** How a server is asked. */
export type Ask = (database: string, command: Readonly<Record<string, unknown>>) => Promise<Document>

export async function introduce(ask: Ask): Promise<ServerState> {
  const hello = await ask('admin', { hello: 1 })
  const { version } = await ask('admin', { buildInfo: 1 })
  const { authInfo } = await ask('admin', { connectionStatus: 1 })
  const [me] = authInfo?.authenticatedUsers ?? []
  // Who they are, servers tell everybody. Anything else, only where nobody has to log in.
  if (!me) await ask('admin', { listDatabases: 1, nameOnly: true })
  const writes = hello.isWritablePrimary === true && hello.readOnly !== true
  return {
    version: String(version),
    readOnly: !writes,
    fingerprint: await fingerprintOf(hello, ask),
    primary: writes || hello.primary === hello.me ? undefined : hello.primary,
    sharded: hello.msg === 'isdbgrid',
    me,
    seenAt: Date.now(),
  }
}

/** A replica set and a sharded cluster have numbers; a lone server has none, and a login may have no right to ask. */
async function fingerprintOf(hello: Document, ask: Ask): Promise<string | undefined> {
  const find = async (): Promise<unknown> => {
    if (hello.setName) return (await ask('admin', { replSetGetConfig: 1 })).config?.settings?.replicaSetId
    if (hello.msg !== 'isdbgrid') return undefined
    return (await ask('config', { find: 'version', limit: 1, singleBatch: true })).cursor?.firstBatch?.[0]?.clusterId
  }
  const found = await find().catch(() => undefined)
  return found === undefined ? undefined : String(found)
}

export function factsFrom({ version, readOnly, fingerprint, sharded, seenAt }: ServerState): ServerFacts {
  return { version, variant: sharded ? 'sharded' : undefined, readOnly, fingerprint, seenAt }
}
