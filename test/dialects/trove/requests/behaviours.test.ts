import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anInstance } from '../../../store/builders.ts'
import { type RunningCluster, startCluster } from '../../../support/postgresql/cluster.ts'
import { ownPostgresql, serverOf } from '../../../support/servers.ts'
import { aTrove, type Trove } from '../trove.ts'

/** What clients do that trips a server up; the number is the row of the list that the API was built by. */
let cluster: RunningCluster
let trove: Trove
let at: string

const PASSWORD = 's3cret-word'
/** Every character that some client treats in a way of its own, in a name. */
const TRICKY = ['a b', 'a+b', 'a.b', 'a@b', 'f&x', 'lone%', 'm%20n', 'p#q', 'q?r', 's;t', 'sl/ash', 'ümlaut']

beforeAll(async () => {
  cluster = await startCluster(await ownPostgresql())
  trove = await aTrove({ flags: { '--trust-proxy': '127.0.0.1/32' } })
  at = await trove.manage(serverOf(cluster), { instanceName: 'orders-1' })
  const users = TRICKY.map(name => ({ name, password: PASSWORD }))
  expect((await trove.api('POST', `${at}/users`, { body: { users } })).status).toBe(202)
})
afterAll(async () => {
  await trove?.[Symbol.asyncDispose]()
  await cluster?.[Symbol.asyncDispose]()
})

const users = (rest = '') => `${at}/users${rest}`
const root = () => `/v1.0/${trove.running.project}`
const create = (name: string, more = {}) =>
  trove.api('POST', users(), { body: { users: [{ name, password: PASSWORD, ...more }] } })
const namesIn = ({ body }: { body: { users: { name: string }[] } }) => body.users.map(({ name }) => name)

/** Follows pages of `limit` as a client does that makes its next address by `next`; stops when it goes in a circle. */
async function follow(base: string, limit: number, next: (href: string) => string): Promise<string[]> {
  const seen: string[] = []
  let url: string | undefined = `${base}?limit=${limit}`
  for (let pages = 0; url && pages < 50; pages++) {
    const answer = await trove.ask('GET', url)
    seen.push(...namesIn(answer))
    const href: string | undefined = answer.body.links?.[0].href
    url = href && next(href)
  }
  return seen
}

/** Over a real socket: what no well-meaning library would send. */
function raw(method: string, path: string): Promise<number> {
  const { port } = trove.running.app.http.server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const headers = { 'x-auth-token': trove.running.key.privateKey }
    const asked = request({ host: '127.0.0.1', port, method, path, headers }, answer => {
      answer.resume()
      answer.on('end', () => resolve(answer.statusCode!))
    })
    asked.on('error', reject).end()
  })
}

describe('addresses', () => {
  test('1: a page of users goes on under the instance’s name', async () => {
    const byName = `${root()}/instances/orders-1/users`
    const seen = await follow(byName, 5, href => byName + new URL(href).search)
    expect(seen.toSorted()).toEqual(TRICKY.toSorted())
  })

  test('2: an instance is found by its name however many there are', async () => {
    const { store } = trove.running.app
    await store.transaction(async tables => {
      for (let one = 0; one < 25; one++)
        await tables.instances.add(anInstance(trove.running.project, { name: `filler-${one}`, leaving: false }))
    })
    const page = await trove.api('GET', '/instances')
    expect(page.body.instances.length).toBe(20)
    for (const name of ['orders-1', 'filler-0', 'filler-24'])
      expect((await trove.api('GET', `/instances/${name}`)).body.instance.name).toBe(name)
    const { pathname, search } = new URL(page.body.links[0].href)
    const rest = await trove.ask('GET', pathname + search)
    const all = [...page.body.instances, ...rest.body.instances].map(({ id }: { id: string }) => id)
    expect([all.length, all.toSorted()]).toEqual([26, all])
    await store.transaction(async tables => {
      for (const { id, name } of (await tables.instances.list(trove.running.project, { limit: 100 })).items)
        if (name.startsWith('filler')) await tables.instances.remove(id)
    })
  })

  test('2: a name that two have here is nobody’s, and each is found by its id', async () => {
    const { store } = trove.running.app
    const twin = anInstance(trove.running.project, { name: 'twin', leaving: false })
    expect((await trove.api('PUT', at, { body: { instance: { name: 'twin' } } })).status).toBe(202)
    expect((await trove.api('GET', '/instances/twin')).status).toBe(200)
    await store.transaction(tables => tables.instances.add(twin))
    expect((await trove.api('GET', '/instances/twin')).status).toBe(404)
    expect((await trove.api('GET', '/instances/twin/users')).status).toBe(404)
    for (const path of [at, `/instances/${twin.id}`])
      expect((await trove.api('GET', path)).body.instance.name).toBe('twin')
    await store.transaction(tables => tables.instances.remove(twin.id))
    expect((await trove.api('PUT', at, { body: { instance: { name: 'orders-1' } } })).status).toBe(202)
  })

  test('3: troveclient decodes the marker once, drops the limit, and pastes it as it is', async () => {
    const paste = (href: string) => {
      const marker = decodeURIComponent(/marker=([^&]*)/.exec(href)![1]!)
      // Its HTTP library quotes what no address may hold, and leaves percent signs alone; a # would end the address.
      const sent = marker.replace(/[^\x21-\x7e]/g, one => encodeURIComponent(one)).split('#')[0]!
      return `${root()}${users()}?limit=1&marker=${sent}`
    }
    const seen = await follow(`${root()}${users()}`, 1, paste)
    expect(seen.toSorted()).toEqual(TRICKY.toSorted())
  })

  test('4: pkgcloud takes the first link, decodes its marker once and encodes it once', async () => {
    const again = (href: string) => {
      const query = new URLSearchParams(new URL(href).search)
      return `${root()}${users()}?limit=1&marker=${encodeURIComponent(query.get('marker')!)}`
    }
    expect((await follow(`${root()}${users()}`, 1, again)).toSorted()).toEqual(TRICKY.toSorted())
    const { body } = await trove.api('GET', users('?limit=1'))
    expect(body.links.map(({ rel }: { rel: string }) => rel)).toEqual(['next'])
  })

  test('4: a link is followed as it stands', async () => {
    const asIs = (href: string) => new URL(href).pathname + new URL(href).search
    expect((await follow(`${root()}${users()}`, 1, asIs)).toSorted()).toEqual(TRICKY.toSorted())
  })

  test('5: gophercloud finds its links under the names that it looks for', async () => {
    const headers = { 'user-agent': 'gophercloud/v2.7.0' }
    const { body } = await trove.api('GET', users('?limit=1'), { headers })
    expect(body.users_links).toEqual(body.links)
    expect((await trove.api('GET', '/flavors', { headers })).body.flavors.length).toBe(1)
  })

  test('6, 7: a user is dropped by name@%25, and by name@% that is no escape at all', async () => {
    for (const path of ['gone@%25', 'gone@%', 'gone', 'gone%40%25']) {
      expect((await create('gone')).status).toBe(202)
      expect([path, await raw('DELETE', `${root()}${users()}/${path}`)]).toEqual([path, 202])
    }
    expect(await raw('DELETE', `${root()}${users()}/gone@%`)).toBe(404)
    expect(await raw('DELETE', `${root()}${users()}/%ff%`)).toBe(404)
  })

  test('8: a dot may be %2e or %252e', async () => {
    for (const spelled of ['a.b', 'a%2eb', 'a%252eb', 'a%252eb@%25'])
      expect((await trove.api('GET', users(`/${spelled}`))).body.user.name).toBe('a.b')
  })

  test('9: a bare a@b is the user a from b; a name with an @ is addressed with its host', async () => {
    expect((await trove.api('GET', users('/a@b'))).status).toBe(404)
    for (const path of ['/a@b@%25', '/a%40b%40%25'])
      expect((await trove.api('GET', users(path))).body.user.name).toBe('a@b')
  })

  test('22: + in a query is a space to some and itself to others', async () => {
    const nextTo = async (marker: string) => namesIn(await trove.api('GET', users(`?limit=1&marker=${marker}`)))[0]
    expect(await nextTo('a+b%40%25')).toBe('a+b')
    expect(await nextTo('a%20b%40%25')).toBe('a+b')
    expect(await nextTo('a%2Bb%40%25')).toBe('a.b')
    expect(await nextTo('a%252Bb%2540%2525')).toBe('a.b')
    await trove.api('DELETE', users('/a%20b'))
    // Only the one with a plus is left.
    expect(await nextTo('a+b%40%25')).toBe('a.b')
    await create('a b')
  })
})

describe('answers', () => {
  test('10: a GET is never empty, a 202 always', async () => {
    for (const path of ['/instances', '/flavors', '/datastores', '/limits', '/clusters', at, users(), `${at}/root`])
      expect(Object.keys((await trove.api('GET', path)).body).length).toBeGreaterThan(0)
    const made = await create('short-lived')
    expect([made.status, made.text]).toEqual([202, ''])
    expect((await trove.api('DELETE', users('/short-lived'))).text).toBe('')
  })

  test('11: a refusal is JSON with a message, whatever is refused', async () => {
    const asText = { 'content-type': 'text/plain', accept: 'text/html' }
    const refusals = [
      await trove.api('GET', '/instances', { key: null }),
      await trove.ask('GET', '/v1.0/9/instances'),
      await trove.api('GET', '/none'),
      await trove.api('PATCH', users()),
      await trove.api('POST', users(), { payload: Buffer.alloc(1_100_000, 32), headers: asText }),
      await trove.api('POST', users(), { payload: 'x', headers: asText }),
    ]
    expect(refusals.map(({ status }) => status)).toEqual([401, 403, 404, 405, 413, 415])
    for (const { headers, body } of refusals) {
      expect(headers['content-type']).toMatch(/^application\/json/)
      expect((Object.values(body)[0] as { message: unknown }).message).toEqual(expect.any(String))
    }
  })

  test('12, 14: an instance in a list has every field, of the type that clients want', async () => {
    const [one] = (await trove.api('GET', '/instances')).body.instances
    expect(Object.keys(one).toSorted()).toEqual([
      'access',
      'datastore',
      'flavor',
      'hostname',
      'id',
      'links',
      'name',
      'operating_status',
      'region',
      'status',
      'volume',
    ])
    expect([typeof one.flavor.id, Number.isInteger(one.volume.size), typeof one.datastore.version]).toEqual([
      'string',
      true,
      'string',
    ])
    const [flavor] = (await trove.api('GET', '/flavors')).body.flavors
    expect([typeof flavor.id, typeof flavor.str_id, typeof flavor.ram]).toEqual(['number', 'string', 'number'])
    const { instance } = (await trove.api('GET', at)).body
    for (const moment of [instance.created, instance.updated]) expect(moment).toMatch(/^[-\d]{10}T[:\d]{8}$/)
  })

  test('13: the codes are those that gophercloud accepts, and no others', async () => {
    const body = { users: [{ name: 'coded', password: PASSWORD }] }
    const asked: readonly (readonly [string, string, unknown, number])[] = [
      ['POST', users(), body, 202],
      ['PUT', users(), body, 202],
      ['PUT', users('/coded'), { user: { password: PASSWORD } }, 202],
      ['POST', `${at}/databases`, { databases: [{ name: 'coded' }] }, 202],
      ['PUT', users('/coded/databases'), { databases: [{ name: 'coded' }] }, 202],
      ['GET', users('/coded/databases'), undefined, 200],
      ['DELETE', users('/coded/databases/coded'), undefined, 202],
      ['DELETE', users('/coded'), undefined, 202],
      ['DELETE', `${at}/databases/coded`, undefined, 202],
    ]
    for (const [method, path, sent, status] of asked)
      expect([method, path, (await trove.api(method, path, { body: sent })).status]).toEqual([method, path, status])
  })

  test('20: addresses in answers are those that the client can reach', async () => {
    const hrefOf = async (headers: Record<string, string>) =>
      (await trove.api('GET', at, { headers })).body.instance.links[0].href
    expect(await hrefOf({ host: 'db.example.net:8480' })).toMatch(/^http:\/\/db\.example\.net:8480\/v1\.0\//)
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'roll.example.net' }
    expect(await hrefOf(forwarded)).toMatch(/^https:\/\/roll\.example\.net\/v1\.0\//)
    await using published = await aTrove({ flags: { '--public-url': 'https://db.example.net/' } })
    const body = { auth: { passwordCredentials: { username: 'tester', password: published.running.key.privateKey } } }
    const { access } = (await published.ask('POST', '/v2.0/tokens', { key: null, headers: forwarded, body })).body
    const urls = access.serviceCatalog.flatMap(({ endpoints }: { endpoints: { publicURL: string }[] }) =>
      endpoints.map(({ publicURL }) => publicURL),
    )
    for (const url of urls) expect(url).toMatch(/^https:\/\/db\.example\.net\/(v1\.0|identity)\//)
  })
})

describe('requests', () => {
  test('15: gophercloud knows no hosts: it makes, pages through and drops users from anywhere, and the guide says what else it lacks', async () => {
    const headers = {
      'user-agent': 'gophercloud/v2.15.0',
      accept: 'application/json',
      'content-type': 'application/json',
    }
    const names = ['go 1', 'go.2', 'go&3']
    // As it writes its options: a database of a user may bring more than a name.
    const databases = [{ name: 'orders', character_set: 'utf8', collate: 'utf8_general_ci' }]
    expect(
      (await trove.api('POST', `${at}/databases`, { headers, body: { databases: [{ name: 'orders' }] } })).status,
    ).toBe(202)
    const wanted = names.map(name => ({ name, password: PASSWORD, databases }))
    const made = await trove.api('POST', users(), { headers, body: { users: wanted } })
    expect([made.status, made.text]).toEqual([202, ''])

    const seen: { name: string; host: string; databases: unknown[] }[] = []
    for (let url: string | undefined = `${root()}${users()}`; url; ) {
      const { body } = await trove.ask('GET', `${url}`, { headers })
      seen.push(...body.users)
      const next: string | undefined = body.users_links?.find(({ rel }: { rel: string }) => rel === 'next')?.href
      url = next && new URL(next).pathname + new URL(next).search
    }
    expect(seen.map(({ name }) => name).toSorted()).toEqual([...TRICKY, ...names].toSorted())
    const own = seen.filter(({ name }) => names.includes(name))
    expect(own).toEqual(
      names
        .map(name => ({ name, host: '%', databases: [{ name: 'orders' }] }))
        .toSorted((a, b) => (`${a.name}@` < `${b.name}@` ? -1 : 1)),
    )

    for (const name of names)
      expect((await trove.api('DELETE', users(`/${encodeURIComponent(name)}@%25`), { headers })).status).toBe(202)
    expect((await trove.api('DELETE', `${at}/databases/orders`, { headers })).status).toBe(202)
    const guide = readFileSync('docs/trove.md', 'utf8').replaceAll(/\s+/g, ' ')
    expect(guide).toContain("gophercloud's `User` has no host")
    expect(guide).toContain('no call to show, change, grant or revoke')
  })

  test('16: a user without a host is from anywhere; a database that is a text is ignored', async () => {
    expect((await create('pkg', { database: 'ledger', databases: [] })).status).toBe(202)
    expect((await trove.api('GET', users('/pkg'))).body.user).toEqual({ name: 'pkg', host: '%', databases: [] })
    await trove.api('DELETE', users('/pkg'))
  })

  test('17: an array of users is one request, all or nothing', async () => {
    const all = ['bulk1', 'bulk2', 'bulk1']
    const body = { users: all.map(name => ({ name, password: PASSWORD })) }
    expect((await trove.api('POST', users(), { body })).status).toBe(400)
    expect((await trove.api('GET', users('/bulk1'))).status).toBe(404)
  })

  test('18: who looks for root among clusters finds none', async () => {
    expect((await trove.api('GET', '/instances/nobody/root')).status).toBe(404)
    expect((await trove.api('GET', '/clusters/nobody')).status).toBe(404)
    expect((await trove.api('GET', '/clusters')).body).toEqual({ clusters: [] })
  })

  test('19: a GET or DELETE may name a type of what it does not send', async () => {
    const headers = { 'content-type': 'application/json', accept: 'application/json' }
    expect((await trove.api('GET', users(), { headers })).status).toBe(200)
    await create('typed')
    expect((await trove.api('DELETE', users('/typed'), { headers })).status).toBe(202)
  })

  test('21: a create that comes again after it was done is told that there is one', async () => {
    expect([(await create('twice')).status, (await create('twice')).status]).toEqual([202, 400])
    await trove.api('DELETE', users('/twice'))
  })
})
