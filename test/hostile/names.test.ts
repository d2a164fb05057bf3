import { afterAll, beforeAll, expect, test } from 'vitest'
import { aGround, type Ground, hostileText } from './ground.ts'
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

test(
  'a login of any name is made, found, opened, reset, locked and dropped under that very name, or refused',
  () =>
    ground.forAll('names', 0.3, hostileText, async name => {
      const made = await ground.ask('POST', users, { name })
      if (made.status !== 201) return expect([400, 409, 422], made.text).toContain(made.status)
      expect(made.body.name).toBe(name)
      const { rows } = await ground.engine.query('select rolsuper as super from pg_roles where rolname = $1', [name])
      expect(rows).toEqual([{ super: false }])
      expect(await opens(ground, name, made.body.password)).toBe(true)
      expect((await ground.ask('GET', at(name))).body.name).toBe(name)
      const reset = await ground.ask('POST', `${at(name)}/reset`)
      expect(await opens(ground, name, reset.body.password)).toBe(true)
      expect((await ground.ask('POST', `${at(name)}/lock`)).status).toBe(200)
      expect(await opens(ground, name, reset.body.password)).toBe(false)
      expect((await ground.ask('DELETE', at(name))).status).toBe(200)
      expect((await ground.ask('GET', at(name))).status).toBe(404)
    }),
  LONG,
)
