import { checkServerIdentity, type TLSSocket } from 'node:tls'
import type { SslOptions } from 'mysql2'
import type { Tls } from '../../../domain/servers/connection.ts'

/**
 * A connection's TLS words as the driver's. `require` encrypts and trusts anybody, `verify-ca` wants a certificate of the CA,
 * `verify-full` the host's name in it too. The driver refuses a server that offers no TLS: there is no way down.
 */
export function tlsOptions(tls: Tls): SslOptions | undefined {
  if (tls.mode === 'disable') return undefined
  return {
    rejectUnauthorized: tls.mode !== 'require',
    verifyIdentity: false,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.clientCertificate === undefined ? {} : { cert: tls.clientCertificate }),
    ...(tls.clientKey === undefined ? {} : { key: tls.clientKey.reveal() }),
  }
}

/** Why the certificate of the other side is not the named host's; undefined if it is. */
export function identityError(socket: TLSSocket, name: string): Error | undefined {
  return checkServerIdentity(name, socket.getPeerCertificate())
}
