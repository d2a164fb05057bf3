import type { Secret } from '../../domain/secret.ts'
import type { ConnectionOptions, Credential, HostPort, Tls } from '../../domain/servers/connection.ts'
import type { Advertise, EngineName, Mode } from '../../domain/servers/instance.ts'
import type { Policy } from '../../domain/servers/policy.ts'

/** Everything that can be said of a connection; the fields from `instanceName` on belong to its instance. */
export interface ConnectionWish {
  readonly name: string
  readonly engine: EngineName
  readonly databaseType: string
  readonly host: string
  readonly port: number
  readonly hosts?: readonly HostPort[]
  readonly database: string
  readonly username: string
  readonly password?: Secret
  readonly credential?: Credential
  readonly authDatabase?: string
  readonly mechanism?: string
  readonly tls?: Tls
  readonly options?: ConnectionOptions
  readonly instanceName?: string
  readonly slug?: string
  readonly version?: string
  readonly advertise?: Advertise
  readonly defaultDatabase?: string
  readonly accountHost?: string
  readonly policy?: Policy
  readonly tags?: readonly string[]
  readonly mode?: Mode
}
