import { isIPv4 } from 'node:net'
import { ANY_HOST } from '../users/user-segment.ts'

/** Why a name, host or password can't be on a datastore; undefined where it can. */
export interface NameRules {
  user(name: string): string | undefined
  host(host: string): string | undefined
  password(password: string): string | undefined
  database(name: string): string | undefined
}

type Rule = readonly [isWrong: boolean, why: string]

const firstOf = (...rules: readonly Rule[]): string | undefined => rules.find(([isWrong]) => isWrong)?.[1]

const bytesOf = (text: string) => Buffer.byteLength(text)
const hasNul = (text: string) => text.includes('\0')
const isPadded = (text: string) => text !== text.trim()

const anyHost = (host: string) =>
  firstOf([host !== ANY_HOST, 'Hosts can not be told apart on this datastore; the host is %.'])

export const POSTGRESQL_RULES: NameRules = {
  user: name =>
    firstOf(
      [bytesOf(name) > 63, 'User names end at 63 bytes here.'],
      [hasNul(name), 'User names can not have a NUL character.'],
    ),
  host: anyHost,
  password: password => firstOf([hasNul(password), 'Passwords can not have a NUL character.']),
  database: name =>
    firstOf(
      [bytesOf(name) > 63, 'Database names end at 63 bytes here.'],
      [hasNul(name), 'Database names can not have a NUL character.'],
      [name !== name.trimEnd(), 'Database names do not end in whitespace here.'],
    ),
}

const FORBIDDEN = /['";`,/\\]|\p{Cc}/u

const mysqlText = (text: string, what: string) =>
  firstOf(
    [isPadded(text), `${what} do not begin or end with whitespace here.`],
    [FORBIDDEN.test(text), `${what} have none of ' " ; \` , / \\ and no control characters here.`],
  )

export const MYSQL_RULES: NameRules = {
  user: name => mysqlText(name, 'User names'),
  host: host => firstOf([!isMysqlHost(host), 'A host is %, an IPv4 address, or the beginning of one that ends in %.']),
  password: password => mysqlText(password, 'Passwords'),
  database: name =>
    firstOf(
      [[...name].length > 64, 'Database names end at 64 characters here.'],
      [!/^[\p{L}\p{N}_\- ?#@]+$/u.test(name), 'Database names have letters, digits, _ and -, and inside space ? # @.'],
      [/^[ ?#@]|[ ?#@]$/.test(name), 'Database names do not begin or end with a space, ?, # or @ here.'],
    ),
}

function isMysqlHost(host: string): boolean {
  if (host === ANY_HOST || isIPv4(host)) return true
  const parts = /^((?:\d{1,3}\.){1,3})%$/.exec(host)?.[1]?.split('.').filter(Boolean)
  return parts?.every(part => Number(part) <= 255) ?? false
}

export const MONGODB_RULES: NameRules = {
  user: name => firstOf([bytesOf(name) > 128, 'User names end at 128 bytes here.'], [hasNul(name), 'No NUL.']),
  host: anyHost,
  password: () => undefined,
  database: name =>
    firstOf(
      [bytesOf(name) > 64, 'Database names end at 64 bytes here.'],
      [/[/\\. "$\0]/.test(name), 'Database names have none of / \\ . space " $ here.'],
    ),
}
