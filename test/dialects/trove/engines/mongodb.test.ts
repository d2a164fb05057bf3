import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mongodbServers } from '../../../support/servers.ts'
import { aTrove, type Trove } from '../trove.ts'

const PASSWORD = 'a-word-of-theirs'

/** Users that are a database and a name. */
describe.each(mongodbServers())('on $name', ({ start }) => {
  let trove: Trove
  let at: string
  const name = `u${process.pid}`

  beforeAll(async () => {
    trove = await aTrove()
    at = await trove.manage(await start(), { instanceName: 'documents' })
  }, 300_000)
  afterAll(() => trove?.[Symbol.asyncDispose]())

  const make = (...users: readonly object[]) => trove.api('POST', `${at}/users`, { body: { users } })

  test('a user is made, shown, given access, and dropped under its database and name', async () => {
    expect((await make({ name: `shop.${name}`, password: PASSWORD, databases: [{ name: 'shop' }] })).status).toBe(202)
    const path = `${at}/users/shop.${name}`
    expect((await trove.api('GET', path)).body.user).toEqual({
      name: `shop.${name}`,
      host: '%',
      databases: [{ name: 'shop' }],
    })
    expect((await trove.api('PUT', `${path}/databases`, { body: { databases: [{ name: 'stock' }] } })).status).toBe(202)
    expect((await trove.api('GET', `${path}/databases`)).body.databases).toEqual([{ name: 'shop' }, { name: 'stock' }])
    expect((await trove.api('DELETE', `${path}/databases/shop`)).status).toBe(202)
    expect((await trove.api('GET', `${path}/databases`)).body.databases).toEqual([{ name: 'stock' }])
    expect((await trove.api('DELETE', path)).status).toBe(202)
    expect((await trove.api('GET', path)).status).toBe(404)
  })

  test('a bare name is one of admin, and shown as such', async () => {
    expect((await make({ name, password: PASSWORD })).status).toBe(202)
    for (const spelled of [name, `admin.${name}`])
      expect((await trove.api('GET', `${at}/users/${spelled}`)).body.user.name).toBe(`admin.${name}`)
    expect((await make({ name: `admin.${name}`, password: PASSWORD })).status).toBe(400)
    expect((await trove.api('DELETE', `${at}/users/${name}`)).status).toBe(202)
  })

  test.each(['root', 'admin.root', 'os_admin', 'admin.os_admin'])(
    '%s is reserved, said with its database or without',
    async reserved => {
      const asked = [
        make({ name: reserved, password: PASSWORD }),
        trove.api('PUT', `${at}/users/${reserved}`, { body: { user: { password: PASSWORD } } }),
        trove.api('PUT', `${at}/users`, { body: { users: [{ name: reserved, password: PASSWORD }] } }),
        trove.api('DELETE', `${at}/users/${reserved}`),
      ]
      for (const { status, body } of await Promise.all(asked))
        expect([status, body.badRequest?.message]).toEqual([400, expect.stringMatching(/is on the reserved list/)])
    },
  )
})
