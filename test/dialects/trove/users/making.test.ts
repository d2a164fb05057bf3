import { describe, expect, test } from 'vitest'
import { logsIn } from '../../../support/logins.ts'
import { usersAsJson } from '../canonical.ts'
import { XML } from '../trove.ts'
import { message, NS, PASSWORD, user, usersGround, wanted } from './ground.ts'

const on = usersGround()
const { users, get, create } = on

describe('making users', () => {
  test('from XML, with what they may use', async () => {
    const payload = `<?xml version="1.0" encoding="UTF-8"?>
<users xmlns="${NS}">
    <user name="ada" password="${PASSWORD}"/>
    <user host="%" name="bea" password="${PASSWORD}">
        <databases>
            <database name="ledger"/>
            <database name="stock"/>
        </databases>
    </user>
</users>`
    const headers = { 'content-type': 'application/xml; charset=utf-8', ...XML }
    const made = await on.trove.api('POST', users(), { payload, headers })
    expect([made.status, made.text, made.headers['content-type']]).toEqual([202, '', 'application/xml'])
    expect((await get('')).text).toBe(usersAsJson([user('ada'), user('bea', 'ledger', 'stock')]))
    expect(await logsIn(on.server, 'bea', PASSWORD, 'ledger')).toBe(true)
  })

  test('is all or nothing', async () => {
    await create(wanted('taken'))
    const again = await create(wanted('new1'), wanted('taken'), wanted('new2'))
    expect([again.status, message(again)]).toEqual([400, 'A user with the name "taken" already exists.'])
    const missing = await create(wanted('new1'), wanted('new2', 'nowhere'))
    expect([missing.status, message(missing)]).toEqual([404, 'Database nowhere cannot be found on the instance.'])
    expect((await get('')).text).toBe(usersAsJson([user('taken')]))
  })

  test('of one name at once makes one, and tells the others what is taken', async () => {
    const answers = await Promise.all(['x', 'y', 'z'].map(other => create(wanted('wished'), wanted(other))))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([202, 400, 400])
    for (const answer of answers.filter(({ status }) => status === 400))
      expect(message(answer)).toBe('A user with the name "wished" already exists.')
    expect((await get('')).body.users.length).toBe(2)
  })

  test('with fewer connections than any', async () => {
    expect((await create({ ...wanted('few'), max_connections: 3 })).status).toBe(202)
    const { body } = await on.trove.running.native('GET', `${on.at}/users/few`)
    expect(body.settings.connectionLimit).toBe(3)
    expect((await create({ ...wanted('none'), max_connections: 0 })).status).toBe(400)
  })

  test('of none changes nothing', async () => {
    expect((await create()).status).toBe(202)
    const headers = { 'content-type': 'application/xml' }
    expect((await on.trove.api('POST', users(), { payload: `<users xmlns="${NS}"/>`, headers })).status).toBe(202)
  })

  test('ignores what it does not know, such as a database that is a text', async () => {
    expect((await create({ ...wanted('old'), database: 'ledger', shoe: 1 })).status).toBe(202)
    expect((await get('/old')).body.user.databases).toEqual([])
  })

  const BAD: readonly (readonly [unknown, string])[] = [
    [undefined, 'Validation error: the body must be object'],
    [{}, "Validation error: 'users' is a required property"],
    [{ user: {} }, "Validation error: 'users' is a required property"],
    [{ users: {} }, 'Validation error: users must be array'],
    [{ users: [{ name: 'a' }] }, "Validation error: users[0] 'password' is a required property"],
    [{ users: [{ password: PASSWORD }] }, "Validation error: users[0] 'name' is a required property"],
    [{ users: [wanted('a'), { ...wanted('b'), name: 1 }] }, 'Validation error: users[1].name must be string'],
    [{ users: [{ ...wanted('-_-') }] }, 'Validation error: users[0].name needs a letter or a digit'],
    [{ users: [{ ...wanted('a'), password: '---' }] }, 'Validation error: users[0].password needs a letter or a digit'],
    [{ users: [{ ...wanted('a'), databases: ['x'] }] }, 'Validation error: users[0].databases[0] must be object'],
    [{ users: [{ ...wanted('a', 'x', 'x') }] }, 'Validation error: users[0].databases must not have duplicate items'],
    [
      { users: [{ ...wanted('a'), host: '10.0.0.1' }] },
      'Hosts can not be told apart on this datastore; the host is %.',
    ],
    [{ users: [wanted(`${'é'.repeat(31)}ab`)] }, 'User names end at 63 bytes here.'],
    [{ users: [wanted('a\0b')] }, 'User names can not have a NUL character.'],
    [
      { users: [wanted('postgres')] },
      "User create error: User name \"postgres\" is on the reserved list: ['postgres', 'os_admin', 'pg_*'].",
    ],
    [
      { users: [wanted('pg_mine')] },
      "User create error: User name \"pg_mine\" is on the reserved list: ['postgres', 'os_admin', 'pg_*'].",
    ],
    [
      { users: [wanted('same'), { ...wanted('same'), host: '%' }] },
      'Two or more users share the same name and host in the initial users list. Please correct the names or hosts or remove the duplicate entries.',
    ],
    [
      { users: [wanted('a', 'postgres')] },
      "Database name \"postgres\" is on the reserved list: ['postgres', 'template0', 'template1', 'os_admin'].",
    ],
    [
      { users: [{ ...wanted('short'), password: 'abc1' }] },
      'The password is not acceptable: has 4 characters; policy wants at least 8',
    ],
  ]
  test.each(BAD)('is refused with %j', async (body, words) => {
    const answer = await on.trove.api('POST', users(), { body })
    expect([answer.status, answer.body]).toEqual([400, { badRequest: { code: 400, message: words } }])
    expect((await get('')).text).toBe('{"users": []}')
  })

  test.each(['"', '{"users": [}', '[', '\xff', ''])('is refused with the bytes %j', async payload => {
    const headers = { 'content-type': 'application/json' }
    const answer = await on.trove.api('POST', users(), { payload: Buffer.from(payload, 'latin1'), headers })
    expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['badRequest']])
  })
})
