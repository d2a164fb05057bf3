import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { preparedPassword } from '../../src/engines/postgresql/users/saslprep.ts'
import { scramVerifier } from '../../src/engines/postgresql/users/scram.ts'
import { logsIn } from '../support/logins.ts'
import { aGround, expectUnlogged, type Ground, hostileText } from './ground.ts'

const LONG = 3_600_000

let ground: Ground
let users: string

beforeAll(async () => {
  ground = await aGround()
  users = `/rolecall/v1/instances/${ground.instance}/users`
})

afterAll(() => ground?.[Symbol.asyncDispose]())

const at = (name: string) => `${users}/${encodeURIComponent(name)}`

/** The driver of this test prepares some exotic passwords otherwise than the server does: then what the server keeps must be of it. */
async function opens(name: string, password: string): Promise<boolean> {
  return (await logsIn(ground.server, name, password)) || (isExotic(password) && isKept(name, password))
}

const isExotic = (password: string) =>
  password.normalize('NFKC') !== password || preparedPassword(password) !== password

async function isKept(name: string, password: string): Promise<boolean> {
  const { rows } = await ground.engine.query('select rolpassword as kept from pg_authid where rolname = $1', [name])
  const [, salt] = /^SCRAM-SHA-256\$4096:([^$]+)\$/.exec(rows[0].kept) ?? []
  return (await scramVerifier(new Secret(password), Buffer.from(salt!, 'base64'))).reveal() === rows[0].kept
}

test(
  'a login of any name is made, found, opened, reset, locked and dropped under that very name, or refused',
  () =>
    ground.forAll('names', 0.3, hostileText, async name => {
      const made = await ground.ask('POST', users, { name })
      if (made.status !== 201) return expect([400, 409, 422], made.text).toContain(made.status)
      expect(made.body.name).toBe(name)
      const { rows } = await ground.engine.query('select rolsuper as super from pg_roles where rolname = $1', [name])
      expect(rows).toEqual([{ super: false }])
      expect(await opens(name, made.body.password)).toBe(true)
      expect((await ground.ask('GET', at(name))).body.name).toBe(name)
      const reset = await ground.ask('POST', `${at(name)}/reset`)
      expect(await opens(name, reset.body.password)).toBe(true)
      expect((await ground.ask('POST', `${at(name)}/lock`)).status).toBe(200)
      expect(await opens(name, reset.body.password)).toBe(false)
      expect((await ground.ask('DELETE', at(name))).status).toBe(200)
      expect((await ground.ask('GET', at(name))).status).toBe(404)
    }),
  LONG,
)

let counted = 0

test(
  'a login with any password is opened by it, or the password is refused; no log has it',
  async () => {
    const secrets: string[] = []
    await ground.forAll('passwords', 0.15, hostileText, async text => {
      const name = `hostile_password_${process.pid}_${++counted}`
      // Made unlike everything else that may stand in a log.
      const password = `${text}|${name}`
      const made = await ground.ask('POST', users, { name, password })
      if (made.status !== 201) return expect(made.status, made.text).toBe(422)
      expect(made.text).not.toContain(`|${name}`)
      secrets.push(`|${name}`)
      expect(await opens(name, password)).toBe(true)
      expect(await logsIn(ground.server, name, `${password}x`)).toBe(false)
      expect((await ground.ask('DELETE', at(name))).status).toBe(200)
    })
    expectUnlogged(ground.server, secrets)
  },
  LONG,
)

test(
  'grants on whatever name, in whatever role, are given or refused',
  async () => {
    const name = `hostile_grants_${process.pid}`
    const role = fc.oneof(fc.constantFrom('read', 'readwrite', 'owner'), hostileText)
    const database = fc.oneof(fc.constantFrom('postgres', 'template1'), hostileText)
    const grants = fc.array(fc.record({ role, database }, { requiredKeys: [] }), { maxLength: 3 })
    await ground.forAll(
      'grants',
      0.15,
      fc.tuple(grants, grants, fc.array(hostileText, { maxLength: 2 })),
      async parts => {
        const [add, remove, engineRoles] = parts
        const made = await ground.ask('POST', users, { name, engineRoles: engineRoles.slice(0, 1) })
        if (made.status !== 201) {
          expect([400, 404, 409, 422], made.text).toContain(made.status)
          expect((await ground.ask('POST', users, { name })).status).toBe(201)
        }
        const granted = await ground.ask('PATCH', `${at(name)}/grants`, { add, remove })
        expect([200, 400, 404, 409, 422], granted.text).toContain(granted.status)
        const dropped = await ground.ask('DELETE', at(name))
        expect(dropped.status, dropped.text).toBe(200)
      },
    )
  },
  LONG,
)
