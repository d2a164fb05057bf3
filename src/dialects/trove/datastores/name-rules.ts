import { ANY_HOST } from '../users/user-segment.ts'
import type { NameWishes } from '../wishes.ts'
import { hostRule } from './mysql-hosts.ts'

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

export function mysqlRules({ nameLimit, anyPassword, hosts }: NameWishes): NameRules {
  const host = hostRule(hosts)
  return {
    user: name =>
      mysqlText(name, 'User names') ??
      firstOf([nameLimit > 0 && [...name].length > nameLimit, `User names end at ${nameLimit} characters here.`]),
    host,
    password: password => (anyPassword ? undefined : mysqlText(password, 'Passwords')),
    database: name =>
      firstOf(
        [[...name].length > 64, 'Database names end at 64 characters here.'],
        [
          !/^[\p{L}\p{N}_\- ?#@]+$/u.test(name),
          'Database names have letters, digits, _ and -, and inside space ? # @.',
        ],
        [/^[ ?#@]|[ ?#@]$/.test(name), 'Database names do not begin or end with a space, ?, # or @ here.'],
      ),
  }
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
