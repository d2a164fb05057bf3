import { type Static, Type } from 'typebox'
import type { Secret } from '../domain/secret.ts'
import { AtlasSettings } from './atlas.ts'
import { NetworkSettings } from './network.ts'
import { PolicySettings } from './policy.ts'
import { TroveSettings } from './trove.ts'
import { networks, number, oneOf, text } from './values.ts'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** Keys with a form are looked at more closely by the loader; `from: 'variable'` keeps secrets out of files and process lists. */
export const SettingsSchema = Type.Object(
  {
    data: text('folder for everything that Rolecall keeps', {
      default: 'rolecall-data',
      from: 'start',
      right: 'a folder',
    }),
    host: text('address to listen on; 0.0.0.0 is every IPv4 one', {
      default: '127.0.0.1',
      right: 'an address or host name',
    }),
    port: number('port to listen on; 0 takes a free one', 0, 65_535, 8480),
    publicUrl: Type.Optional(
      text('where clients reach it, if that differs from host and port', {
        form: 'url',
        right: 'an http:// or https:// address',
      }),
    ),
    trustProxy: networks('proxies whose X-Forwarded-For and -Proto are believed'),
    tls: Type.Object({
      cert: Type.Optional(
        text('certificate (chain) in a PEM file; with it HTTPS is spoken', { right: 'a file that can be read' }),
      ),
      key: Type.Optional(text('its private key in a PEM file', { right: 'a file that can be read' })),
    }),
    store: Type.Optional(
      text('PostgreSQL that several replicas share; without it SQLite in the data folder', {
        form: 'store',
        right: 'postgres://user:password@host:5432/database',
      }),
    ),
    masterKey: Type.Optional(
      text('master key(s) that seal what is stored; without it a file in the data folder', { from: 'variable' }),
    ),
    network: NetworkSettings,
    credentials: Type.Object({
      allow: Type.Array(Type.String({ minLength: 1 }), {
        description:
          'variables and files that connections may take their password from; * at the end stands for anything',
        default: [],
        right: 'references such as env:DB_PASSWORD_* or file:/run/secrets/* (as text: with commas between them)',
      }),
    }),
    policy: PolicySettings,
    limits: Type.Object({
      linksPerInstance: number('administrative links to one instance at most', 1, 100, 4),
      linksInAll: number('administrative links to all instances together at most', 1, 10_000, 100),
      bodyBytes: number('largest request body', 1024, 104_857_600, 65_536),
      ratePerMinute: number('requests a minute and key; 0 means no limit', 0, 1_000_000, 6000),
    }),
    timeouts: Type.Object({
      statementMs: number('deadline of a statement on a database server', 100, 600_000, 10_000),
      requestMs: number('after this a caller gets its answer in any case; the work goes on', 100, 600_000, 13_000),
    }),
    trove: TroveSettings,
    atlas: AtlasSettings,
    log: Type.Object({ level: oneOf('least important lines that are logged', LOG_LEVELS, { default: 'info' }) }),
  },
  { additionalProperties: false },
)

type Plain = Static<typeof SettingsSchema>

/** How this Rolecall runs, every value decided. Paths are absolute. */
export interface Settings extends Omit<Plain, 'store' | 'masterKey' | 'tls'> {
  readonly store?: Secret
  readonly masterKey?: Secret
  /** Both files, or HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string }
}
