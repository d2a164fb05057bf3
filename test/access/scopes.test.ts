import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SCOPES, type Scope, scopesLacking } from '../../src/domain/callers/scope.ts'
import type { Right } from '../../src/domain/users/role.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { aPerson } from '../support/people.ts'
import { NEEDS, type Need } from './needs.ts'
import { askRoute } from './requests.ts'
import { thingsOf } from './things.ts'

let rolecall: RunningApp
beforeAll(async () => {
  rolecall = await aRunningApp({ flags: { '--limits-rate-per-minute': '1000000' } })
})
afterAll(() => rolecall?.[Symbol.asyncDispose]())

/** A key of an owner of the project, narrowed to these scopes. */
async function aScopedKey(...scopes: readonly Scope[]): Promise<string> {
  const projects = [{ projectId: rolecall.project, role: 'owner', scopes }] as const
  return (await aPerson(rolecall.app.store, rolecall.project, 'owner', { key: { projects } })).key
}

/** The native and the WireMock API, whose words know no scopes. */
const WITHOUT = / \/(rolecall\/)?v1(\/|$)/

/** The routes of those that a key gets through, whatever the server behind them then says. */
async function routesOpenTo(key: string): Promise<readonly string[]> {
  const open: string[] = []
  for (const [route, need] of Object.entries(NEEDS)) {
    if (need.right === 'public' || !WITHOUT.test(route)) continue
    const things = await thingsOf(rolecall.app.store, rolecall.project)
    const { status } = await askRoute(rolecall.app, route, need, things, key)
    if (![401, 403, 404].includes(status)) open.push(route)
  }
  return open.toSorted()
}

const N = '/rolecall/v1'
const instance = `${N}/instances/:instance`
const user = `${instance}/users/:user`

/** Who am I, and what is this. */
const ANY = [
  `GET ${N}`,
  `GET ${N}/engines`,
  `GET ${N}/projects`,
  'GET /v1/oauth/token/info',
  'GET /v1/users/me',
  'GET /v1/users/self',
]

/** What each scope alone opens in the other APIs: never more than in its own. */
const OPENS: Readonly<Record<Scope, readonly string[]>> = {
  'database:read': [
    `GET ${instance}`,
    `POST ${instance}/check`,
    `GET ${instance}/databases`,
    `GET ${instance}/databases/:database`,
    `GET ${instance}/roles`,
    `GET ${instance}/users`,
    `GET ${user}`,
    `GET ${user}/grants`,
    `GET ${user}/sessions`,
    `GET ${N}/projects/:project/instances`,
    `GET ${N}/projects/:project/operations`,
    `GET ${N}/projects/:project/operations/:operation`,
  ],
  'database:create': [`POST ${instance}/databases`, `POST ${instance}/users`],
  'database:update': [
    `PATCH ${user}`,
    `PATCH ${user}/grants`,
    `POST ${user}/lock`,
    `POST ${user}/unlock`,
    `POST ${user}/reset`,
    `DELETE ${user}/sessions`,
  ],
  'database:delete': [`DELETE ${instance}/databases/:database`, `DELETE ${user}`],
  'database:view_credentials': [],
  'tag:read': [],
  'tag:create': [],
  'tag:delete': [],
  'project:read': [`GET ${N}/projects/:project`],
  'vpc:read': [],
  'account:read': [],
  'rolecall:register': [`POST ${N}/projects/:project/connections`],
}

/** What takes more than one. */
const TOGETHER = [
  `GET ${N}/connections/:connection`,
  `GET ${N}/projects/:project/connections`,
  'GET /v1/data-connections/:databaseConnectionId',
  'GET /v1/database-connections/:databaseConnectionId',
  'GET /v1/organisations/:organisationId',
  'GET /v1/subscriptions/:organisationId/usage',
]

describe("an owner's key", () => {
  test.each(SCOPES)('of the scope %s alone opens this and nothing else', async scope => {
    expect(await routesOpenTo(await aScopedKey(scope))).toEqual([...ANY, ...OPENS[scope]].toSorted())
  })

  test('with all scopes opens what they open together, and no keys, members, policies or access lists', async () => {
    const together = [...ANY, ...Object.values(OPENS).flat(), ...TOGETHER]
    expect(await routesOpenTo(await aScopedKey(...SCOPES))).toEqual(together.toSorted())
  })
})

const isOpen = (scope: Scope, { right }: Need) => scopesLacking([scope], right as Right)?.length === 0

async function statusOf(route: string, key: string): Promise<number> {
  const things = await thingsOf(rolecall.app.store, rolecall.project)
  return (await askRoute(rolecall.app, route, NEEDS[route]!, things, key)).status
}

describe('the API that scopes are from', () => {
  const routes = Object.entries(NEEDS).filter(([route]) => route.includes(' /v2/'))

  test.each(SCOPES)('opens to the scope %s what needs it and no other', async scope => {
    const key = await aScopedKey(scope)
    for (const [route, need] of routes) {
      const status = await statusOf(route, key)
      if (isOpen(scope, need)) expect([route, status]).not.toEqual([route, 403])
      else expect([route, status]).toEqual([route, need.empty && status === 404 ? 404 : 403])
    }
  })
})

describe('the Trove API', () => {
  // Flavours and limits tell nothing of anybody.
  const routes = Object.entries(NEEDS).filter(([route]) =>
    / \/v1\.0\/:(?!.*(flavors|limits|clusters|backups|configurations|modules|datastores))/.test(route),
  )

  test.each(SCOPES)('opens no more to the scope %s', async scope => {
    const key = await aScopedKey(scope)
    for (const [route] of routes.filter(([, need]) => !isOpen(scope, need)))
      expect([403, 404], route).toContain(await statusOf(route, key))
  })

  test('no scope lets root in, who may do more than any of them', async () => {
    for (const [route] of routes.filter(([one]) => /^(POST|DELETE) .*\/root$/.test(one)))
      expect(await statusOf(route, await aScopedKey(...SCOPES))).toBe(403)
  })
})

describe('the Atlas API', () => {
  const routes = Object.entries(NEEDS).filter(
    ([route, { right }]) => route.includes(' /api/atlas/v2') && right !== 'key',
  )

  test.each(SCOPES)('opens no more to the scope %s', async scope => {
    const key = await aScopedKey(scope)
    for (const [route] of routes.filter(([, need]) => !isOpen(scope, need)))
      expect([401, 404], route).toContain(await statusOf(route, key))
  })

  test('all scopes together open no keys, and nothing that is the installation’s', async () => {
    const key = await aScopedKey(...SCOPES)
    for (const [route] of routes.filter(([, { right }]) => ['belong', 'administer', 'own', 'first'].includes(right)))
      expect([401, 404], route).toContain(await statusOf(route, key))
  })
})

describe('making keys', () => {
  const keys = () => `/projects/${rolecall.project}/keys`

  test('scopes are kept and shown', async () => {
    const made = await rolecall.native('POST', keys(), { body: { role: 'admin', scopes: ['database:read'] } })
    expect([made.status, made.body.scopes]).toEqual([201, ['database:read']])
    expect((await rolecall.native('GET', `${keys()}/${made.body.id}`)).body.scopes).toEqual(['database:read'])
  })

  test.each([[['database:everything']], [[]], [['database:read', 'database:read']]])(
    '%j are no scopes',
    async scopes => {
      expect((await rolecall.native('POST', keys(), { body: { role: 'viewer', scopes } })).status).toBe(422)
    },
  )

  test("a scoped key makes no keys, and no projects even as the first operator's", async () => {
    const made = await rolecall.native('POST', keys(), { body: { role: 'owner', scopes: [...SCOPES] } })
    const asking = { key: made.body.private as string }
    expect((await rolecall.native('POST', keys(), { ...asking, body: { role: 'viewer' } })).status).toBe(403)
    expect((await rolecall.native('POST', '/projects', { ...asking, body: { name: 'mine' } })).status).toBe(403)
  })

  test('a key that takes the place of a scoped one has the same scopes', async () => {
    const made = await rolecall.native('POST', keys(), { body: { role: 'owner', scopes: ['database:read'] } })
    const path = `/v1/users/${rolecall.operator}/regenerate-api-token`
    const next = await rolecall.ask('POST', path, { key: made.body.private, body: {} })
    expect(next.status).toBe(200)
    const { body } = await rolecall.ask('GET', '/v1/oauth/token/info', { key: next.headers['rolecall-key']! })
    expect(body.scopes).toEqual(['database:read'])
  })
})
