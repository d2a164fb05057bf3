import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import type { MongoClientOptions } from 'mongodb'
import type { Tls } from '../../../domain/servers/connection.ts'

/**
 * A connection's TLS words as the driver's. `require` encrypts and trusts anybody, `verify-ca` wants a certificate of the CA,
 * `verify-full` the host's name in it too.
 */
export function tlsOptions(tls: Tls, host: string): MongoClientOptions {
  if (tls.mode === 'disable') return { tls: false }
  const name = tls.serverName ?? host
  const checks = (_: string, certificate: PeerCertificate) => checkServerIdentity(name, certificate)
  return {
    tls: true,
    rejectUnauthorized: tls.mode !== 'require',
    checkServerIdentity: tls.mode === 'verify-full' ? checks : () => undefined,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.clientCertificate === undefined ? {} : { cert: tls.clientCertificate }),
    ...(tls.clientKey === undefined ? {} : { key: tls.clientKey.reveal() }),
  }
}

/** Is it this machine itself? Then nobody listens in between. */
export function isLoopback(address: string): boolean {
  return /^(127\.|::1$|::ffff:127\.)/i.test(address)
}
