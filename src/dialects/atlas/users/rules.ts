import { invalidFields, refusal } from '../refusals/refusal.ts'
import { isCommon } from './common-passwords.ts'
import type { UserBody } from './wire.ts'

export const EXTERNAL = '$external'
const SHORTEST = 8
const MOST_BYTES = 1024

/** How a user proves who it is; at most one of them is not `NONE`. */
const AUTH_TYPES = ['x509Type', 'ldapAuthType', 'awsIAMType', 'oidcAuthType'] as const

/** What one field says of another, in a new user. */
export function checkNew(body: UserBody & { readonly username: string }): void {
  checkAuthTypes(body)
  checkDatabase(body)
  checkUsername(body)
  checkMechanism(body)
  if (body.password !== undefined) checkPassword(body.password, body.username)
}

function checkAuthTypes(body: UserBody): void {
  const given = AUTH_TYPES.filter(name => (body[name] ?? 'NONE') !== 'NONE')
  const isX509 = given.includes('x509Type')
  if (isX509 && body.password !== undefined) throw refusal('ATLAS_X509_USER_CANNOT_USE_SCRAM')
  if (isX509 && given.includes('ldapAuthType')) throw refusal('ATLAS_X509_USER_CANNOT_USE_LDAP')
  if (isX509 && body.deleteAfterDate) throw refusal('ATLAS_X509_USER_CANNOT_BE_TEMPORARY')
  if (given.length > 1) throw refusal('ATLAS_INVALID_AUTH_SETTINGS', `${given.join(' and ')} exclude one another`)
  if (given.length === 1 && body.password !== undefined)
    throw refusal('ATLAS_INVALID_AUTH_SETTINGS', `a password is of no use with ${given[0]}`)
  if (given.length === 0 && body.password === undefined) throw refusal('MISSING_ATTRIBUTE', 'password')
}

function checkDatabase({ username = '', databaseName = 'admin', ...types }: UserBody): void {
  const isGroup = types.ldapAuthType === 'GROUP'
  const isExternal = AUTH_TYPES.some(name => (types[name] ?? 'NONE') !== 'NONE') && types.oidcAuthType !== 'IDP_GROUP'
  if (isGroup) return
  if (isExternal && databaseName !== EXTERNAL) throw refusal('DATABASE_NAME_INVALID_EXTERNAL', username)
  if (!isExternal && databaseName !== 'admin') throw refusal('DATABASE_NAME_INVALID_ADMIN', username)
}

function checkUsername({ username, x509Type, ldapAuthType }: UserBody & { readonly username: string }): void {
  // Go clients take such a name for a part of the path that is not there.
  if (username === '.' || username === '..') throw refusal('ATLAS_INVALID_USERNAME', username)
  if (/\p{Cc}|^\s|\s$/u.test(username) || !username.isWellFormed()) throw refusal('ATLAS_INVALID_USERNAME', username)
  if (username === '__system') throw refusal('BLOCKED_USERNAME', username)
  if (x509Type === 'MANAGED' && /[=,+"\\<>;#]/.test(username))
    throw refusal('ATLAS_MANAGED_X509_NAME_INVALID', username)
  if (x509Type === 'CUSTOMER' || (ldapAuthType ?? 'NONE') !== 'NONE') checkDistinguishedName(username)
}

const ATTRIBUTE = /^\s*(?:[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*=/

/** RFC 2253: attributes and values, commas between them, and special characters escaped. */
function checkDistinguishedName(name: string): void {
  const parts = name.split(/(?<!\\)[,+]/)
  if (!parts.every(part => ATTRIBUTE.test(part))) throw refusal('ATLAS_INVALID_LDAP_NAME', name)
  const values = parts.map(part => part.slice(part.indexOf('=') + 1))
  if (values.some(value => /(?<!\\)[<>;"=]/.test(value))) throw refusal('ATLAS_INVALID_DN_METACHARACTERS', name)
}

const WAYS = {
  x509Type: 'certificates',
  ldapAuthType: 'LDAP',
  awsIAMType: 'AWS IAM',
  oidcAuthType: 'OpenID Connect',
} as const

/** Servers would have to say that they know the way (`authenticationMechanisms`), and none that this was proved on does. */
function checkMechanism(body: UserBody): void {
  const given = AUTH_TYPES.find(name => (body[name] ?? 'NONE') !== 'NONE')
  if (given) throw refusal('ATLAS_INVALID_AUTH_SETTINGS', `users do not log in by ${WAYS[given]} here`)
}

/** A new one of a user that there is. */
export function checkPasswordOf({ password }: UserBody, databaseName: string, username: string): void {
  if (password === undefined) return
  if (databaseName === EXTERNAL)
    throw refusal('ATLAS_INVALID_AUTH_SETTINGS', `nobody logs in by a password in ${EXTERNAL}`)
  checkPassword(password, username)
}

function checkPassword(password: string, username: string): void {
  if (Buffer.byteLength(password) > MOST_BYTES || password.includes('\0') || !password.isWellFormed())
    throw invalidFields({ field: 'password', description: `must have at most ${MOST_BYTES} bytes, and no NUL` })
  if ([...password].length < SHORTEST || password === username) throw refusal('WEAK_PASSWORD')
  if (isCommon(password)) throw refusal('COMMON_PASSWORD')
}

/** Who somebody is does not change. */
export function checkSame(body: UserBody, databaseName: string, username: string): void {
  if ((body.username ?? username) !== username) throw refusal('DATABASE_USERNAME_CANNOT_BE_CHANGED')
  if ((body.databaseName ?? databaseName) !== databaseName) throw refusal('DATABASE_NAME_CANNOT_BE_CHANGED')
  if (AUTH_TYPES.some(name => (body[name] ?? 'NONE') !== 'NONE')) throw refusal('AUTH_TYPE_CANNOT_BE_CHANGED')
}
