import { isIP } from 'node:net'
import { type ConnectionOptions, checkServerIdentity } from 'node:tls'
import type { Tls } from '../../../domain/servers/connection.ts'
import type { DialConfig } from './session.ts'

/**
 * A connection's TLS words as Node's. `require` encrypts and trusts anybody, `verify-ca` wants a certificate of the CA,
 * `verify-full` the host's name in it too. `pg` refuses a server that offers no TLS: there is no way down.
 */
export function tlsOptions(tls: Tls, host: string): Pick<DialConfig, 'tls' | 'certificateName'> {
  if (tls.mode === 'disable') return {}
  const name = tls.serverName ?? host
  const certificateName = tls.mode === 'verify-full' ? name : undefined
  return { tls: optionsFor(tls, name, certificateName), certificateName }
}

function optionsFor(tls: Tls, name: string, certificateName: string | undefined): ConnectionOptions {
  return {
    // An address must not be sent as a server name (RFC 6066); the name is sent though we connect to an address.
    ...(isIP(name) ? {} : { servername: name }),
    rejectUnauthorized: tls.mode !== 'require',
    checkServerIdentity: (_, certificate) =>
      certificateName === undefined ? undefined : checkServerIdentity(certificateName, certificate),
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.clientCertificate === undefined ? {} : { cert: tls.clientCertificate }),
    ...(tls.clientKey === undefined ? {} : { key: tls.clientKey.reveal() }),
  }
}
