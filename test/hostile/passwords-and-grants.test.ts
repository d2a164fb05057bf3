import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logsIn } from '../support/logins.ts'
import { aGround, expectUnlogged, type Ground, hostileText } from './ground.ts'
import { opens } from './opens.ts'

const LONG = 3_600_000

let ground: Ground
let users: string

beforeAll(async () => {
  ground = await aGround()
  users = `/rolecall/v1/instances/${ground.instance}/users`
})

afterAll(() => ground?.[Symbol.asyncDispose]())

const at = (name: string) => `${users}/${encodeURIComponent(name)}`

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
      expect(await opens(ground, name, password)).toBe(true)
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
