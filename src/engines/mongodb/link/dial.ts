import { isIPv6 } from 'node:net'
import type { AuthMechanism, MongoClient, MongoClientOptions } from 'mongodb'
import { Fault } from '../../../domain/fault.ts'
import { inTime } from '../../in-time.ts'
import { connectFault } from './connect-faults.ts'
import type { Dial, DialConfig, MongoSession } from './session.ts'
import { tlsOptions } from './tls.ts'

const MECHANISMS: readonly string[] = ['SCRAM-SHA-256', 'SCRAM-SHA-1']

/** Over the driver `mongodb`, to one address and no other: what the server says of its set's members is ours to follow, past the guard. */
export const dialWithMongodb: Dial = async (config, signal) => {
  const { MongoClient } = await import('mongodb')
  const client = new MongoClient(uriOf(config), optionsOf(config))
  const session = sessionOver(client, config)
  try {
    await connected(client, config, signal)
    return session
  } catch (error) {
    await session.close()
    throw connectFault(error)
  }
}

function uriOf({ address, port }: DialConfig): string {
  return `mongodb://${isIPv6(address) ? `[${address}]` : address}:${port}/`
}

function optionsOf(config: DialConfig): MongoClientOptions {
  const { username, password, authDatabase, tls, host, programName, connectTimeoutMs, connections, idleMs } = config
  return {
    directConnection: true,
    ...(username === '' ? {} : { auth: { username, password }, authSource: authDatabase }),
    ...(username === '' ? {} : { authMechanism: mechanismOf(config) }),
    ...tlsOptions(tls, host),
    appName: programName,
    maxPoolSize: connections,
    ...(idleMs === undefined ? {} : { maxIdleTimeMS: idleMs }),
    connectTimeoutMS: connectTimeoutMs,
    serverSelectionTimeoutMS: connectTimeoutMs,
    // What was sent once is never sent again by itself: whether it was carried out is looked up.
    retryReads: false,
    retryWrites: false,
  }
}

function mechanismOf({ mechanism }: DialConfig): AuthMechanism {
  if (mechanism === undefined || mechanism === '') return 'DEFAULT'
  if (MECHANISMS.includes(mechanism)) return mechanism as AuthMechanism
  throw new Fault('unsupported', 'connection', `Rolecall logs in by ${MECHANISMS.join(' or ')}, not by ${mechanism}`)
}

// The driver would try an address that refuses until its time is up.
async function connected(client: MongoClient, { connectTimeoutMs }: DialConfig, signal: AbortSignal): Promise<void> {
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {})
  client.on('serverHeartbeatFailed', ({ failure }) => reject(failure))
  const done = await inTime(Promise.race([client.connect(), failed]), connectTimeoutMs, signal)
  if (done) return
  throw new Fault('unavailable', 'server', 'The server did not answer in time', { reason: 'timeout' })
}

/** A link of one connection that has lost it is broken for good. The driver would go on with a new one. */
function sessionOver(client: MongoClient, { connections }: DialConfig): MongoSession {
  let [made, broken] = [0, false]
  const hangUp = async () => {
    broken = true
    await client.close(true).catch(() => {})
  }
  client.on('connectionCreated', () => {
    if (++made > 1 && connections === 1) void hangUp()
  })
  client.on('connectionClosed', () => {
    if (connections === 1) broken = true
  })
  return {
    get broken() {
      return broken
    },
    command: (database, command) => client.db(database).command(command),
    close: hangUp,
  }
}
