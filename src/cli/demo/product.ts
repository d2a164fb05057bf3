import type { ConnectionWish } from '../../services/connections/connection-wish.ts'
import { Problem } from '../exit-codes.ts'
import type { Account } from './running/account.ts'
import type { Traces } from './running/leftovers.ts'

/** A kind of database server that the demo runs for itself. */
export interface Product {
  /** As `--engines` says it. */
  readonly name: ProductName
  readonly label: string
  /** Where it keeps its data, in the demo's folder; its log is called the same. */
  readonly folder: string
  readonly traces: Traces
  /** What ends it at once, when it takes too long to stop. */
  readonly endSignal: NodeJS.Signals
  /** What to do where it does not start. */
  readonly remedy: string
  readonly connection: Pick<ConnectionWish, 'name' | 'engine' | 'databaseType' | 'database' | 'slug'>
  readonly variant?: string
  /** It has to be fetched first: nobody gets it who has not asked for it. */
  readonly isFetched?: boolean
  /** Its programs. Throws `NotInstalled` where there are none, a `Problem` where they are of no use. */
  find(seeking: Seeking): Promise<Programs>
  takesLogins(login: ManagingLogin): Promise<boolean>
  /** Safe to run again: a start that was killed in the middle goes on where it was. */
  addSamples(login: ManagingLogin): Promise<void>
  /** How people log in as ada, whose new login is the JSON in `$ADA`; copied from the tour. */
  tryLogin(port: number, folder: string): string
  /** Who has logins on servers of this kind in the words of an API that is for them alone. */
  tryOwnApi?(project: string, publicKey: string): { readonly title: string; readonly command: string }
}

export const PRODUCT_NAMES = ['postgresql', 'mariadb', 'mongodb'] as const
export type ProductName = (typeof PRODUCT_NAMES)[number]

export interface Seeking {
  /** Who runs them. */
  readonly account: Account
  /** The demo's. */
  readonly folder: string
  /** They may be fetched into the folder. */
  readonly mayFetch: boolean
  /** What is started must stop with it. */
  readonly running: AsyncDisposableStack
}

export interface Programs {
  readonly server: string
  /** How the server is told where to work, and with which settings. */
  flags(place: Place): readonly string[]
  /** Makes the data in an empty folder of the account's own, with the managing login in it. */
  make(place: Making): Promise<void>
}

export interface Place {
  readonly data: string
  readonly port: number
  /** A file beside the data, gone once the server takes logins, for what must not be seen on a command line. */
  readonly secretFile: string
}

export interface Making {
  readonly data: string
  readonly account: Account
  readonly password: string
  readonly secretFile: string
  /** What it starts must stop with it. */
  readonly running: AsyncDisposableStack
}

/** The login that a connection of the demo manages with. */
export interface ManagingLogin {
  readonly port: number
  readonly password: string
}

export const MANAGING_LOGIN = 'rolecall'

/** Nothing is wrong where nobody asked for it by name. */
export class NotInstalled extends Problem {}
