import { beforeEach, describe, expect, test } from 'vitest'
import { usersAsJson, usersAsXml } from '../canonical.ts'
import { XML } from '../trove.ts'
import { NS, user, usersGround, wanted } from './ground.ts'

const on = usersGround()
const { users, get, create, drop } = on

describe('a list', () => {
  const FOUR = [user('dbuser1'), user('dbuser2', 'ledger', 'stock'), user('dbuser3'), user('demouser', 'stock')]

  beforeEach(async () => {
    const made = await create(...FOUR.map(({ name, databases }) => wanted(name, ...databases.map(one => one.name))))
    expect([made.status, made.text, made.headers['content-length']]).toEqual([202, '', '0'])
  })

  test('is the published bytes in JSON and in XML, whichever way the format is asked for', async () => {
    const [json, xml] = [usersAsJson(FOUR), usersAsXml(FOUR)]
    const ways: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
      ['', {}, json],
      ['', { accept: '*/*' }, json],
      ['', { accept: 'text/html' }, json],
      ['', XML, xml],
      ['', { accept: 'application/vnd.openstack.trove+xml' }, xml],
      ['', { accept: 'application/vnd.openstack.trove+json;version=1.0' }, json],
      ['.json', XML, json],
      ['.xml', {}, xml],
    ]
    for (const [suffix, headers, text] of ways) {
      const answer = await get(suffix, headers)
      expect(answer.text).toBe(text)
      expect(answer.headers['content-type']).toBe(text === xml ? 'application/xml' : 'application/json')
      expect(Number(answer.headers['content-length'])).toBe(Buffer.byteLength(text))
    }
  })

  test('has pages, each with a link to the next but the last', async () => {
    const base = `http://localhost:80/v1.0/${on.trove.running.project}${users()}`
    const first = await get('?limit=2')
    const href = `${base}?marker=dbuser2%40%25&limit=2`
    expect(first.text).toBe(`{"links": [{"href": "${href}", "rel": "next"}], ${usersAsJson(FOUR.slice(0, 2)).slice(1)}`)
    const paged = await get('?limit=2', XML)
    expect(paged.text).toBe(
      usersAsXml(FOUR.slice(0, 2)).replace(
        '</users>',
        `    <links>\n        <link href="${href.replace('&', '&amp;')}" rel="next"/>\n    </links>\n</users>`,
      ),
    )
    expect((await get('?marker=dbuser2%40%25&limit=2')).text).toBe(usersAsJson(FOUR.slice(2)))
    expect((await get('?marker=dbuser1')).body.users[0].name).toBe('dbuser2')
    expect((await get('?limit=3')).body.links[0].href).toBe(`${base}?marker=dbuser3%40%25&limit=3`)
    expect((await get('?limit=4')).body).not.toHaveProperty('links')
    expect((await get('?marker=demouser%40%25')).text).toBe('{"users": []}')
    expect((await get('?marker=demouser%40%25', XML)).text).toBe(`<users xmlns="${NS}"/>\n`)
  })

  test('goes on after a user that is gone', async () => {
    const { body } = await get('?limit=2')
    await drop('dbuser2')
    const { pathname, search } = new URL(body.links[0].href)
    expect((await on.trove.ask('GET', pathname + search)).text).toBe(usersAsJson(FOUR.slice(2)))
  })

  test('refuses a limit that is no number, or less than nothing', async () => {
    for (const limit of ['-1', 'x', '1.5', '2x', '%00']) {
      const answer = await get(`?limit=${limit}`)
      expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['badRequest']])
    }
  })

  test('is whole with no limit, none that counts, or one that is too high', async () => {
    for (const query of ['limit=', 'limit=0', 'limit=9999999', 'include_clustered=False&x', 'marker='])
      expect((await get(`?${query}`)).text).toBe(usersAsJson(FOUR))
  })

  test('has at most 20, in the order of their names’ bytes', async () => {
    const names = Array.from({ length: 22 }, (_one, at) => `many${String(at).padStart(2, '0')}`)
    await create(...[...names, 'Zed', 'éa'].map(name => wanted(name)))
    const all = ['Zed', ...FOUR.map(({ name }) => name), ...names]
    const { body } = await get('')
    expect(body.users.map(({ name }: { name: string }) => name)).toEqual(all.slice(0, 20))
    const { pathname, search } = new URL(body.links[0].href)
    expect(search).toBe('?marker=many14%40%25')
    const rest = await on.trove.ask('GET', pathname + search)
    expect(rest.body.users.map(({ name }: { name: string }) => name)).toEqual([...all.slice(20), 'éa'])
    expect(rest.text).toContain('\\u00e9a')
  })

  test('never has system users, nor the login of Rolecall itself, nor databases of the system', async () => {
    const seen = await get('')
    for (const name of ['postgres', 'pg_', on.server.username]) expect(seen.text).not.toContain(`"${name}`)
    expect((await on.trove.running.native('POST', `${on.at}/users/dbuser1/grants`, {})).status).toBe(405)
    const grant = { add: [{ role: 'read', database: 'postgres' }] }
    await on.trove.running.native('PATCH', `${on.at}/users/dbuser1/grants`, { body: grant })
    expect((await get('/dbuser1')).body).toEqual({ user: user('dbuser1') })
  })

  test('has its links under a name of their own for gophercloud, and for nobody else', async () => {
    const { body } = await get('?limit=1', { 'user-agent': 'gophercloud/2.0.0' })
    expect(body.users_links).toEqual(body.links)
    expect((await get('?limit=1')).body).not.toHaveProperty('users_links')
    expect((await get('', { 'user-agent': 'gophercloud/2.0.0' })).body).not.toHaveProperty('users_links')
  })
})
