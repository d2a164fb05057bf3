import { beforeAll, describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { aFolder, rolecall } from './rolecall.ts'

// Real processes, a few in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

const folder = aFolder()
let url = ''

beforeAll(async () => {
  const run = rolecall(['serve', '--data', folder, '--port', '0'])
  url = (await run.until(/listens on (\S+)/))[1]!
})

async function admin(...args: string[]) {
  const { code, out, err } = await rolecall([...args, '--data', folder]).ended()
  return { code, out, err }
}

/** What a command answers to programs. */
async function json(...args: string[]) {
  const { code, out, err } = await admin(...args, '--json')
  if (code !== 0) throw new Error(`${code}: ${err}`)
  expect(out.trim().split('\n')).toHaveLength(1)
  return JSON.parse(out)
}

async function statusWith(key: string): Promise<number> {
  return (await fetch(`${url}/rolecall/v1`, { headers: { authorization: `Bearer ${key}` } })).status
}

describe('rolecall keys', () => {
  test('creates one that opens the running server at once, and revokes it as quickly', async () => {
    const key = await json('keys', 'create', '--role', 'viewer', '--description', 'for CI')
    expect(key).toMatchObject({
      private: expect.stringMatching(/^\w{40}$/),
      public: expect.stringMatching(/^[a-z]{8}$/),
    })
    expect(await statusWith(key.private)).toBe(200)
    const { items } = await json('keys', 'list')
    expect(items).toContainEqual(
      expect.objectContaining({ id: key.id, role: 'viewer', description: 'for CI', networks: [] }),
    )
    expect(JSON.stringify(items)).not.toContain(key.private)
    await admin('keys', 'revoke', key.public)
    expect(await statusWith(key.private)).toBe(401)
  })

  test('binds one to client networks, and gives it an end', async () => {
    const elsewhere = await json(
      'keys',
      'create',
      '--role',
      'admin',
      '--network',
      '192.0.2.0/24',
      '--network',
      '2001:db8::/32',
    )
    expect(await statusWith(elsewhere.private)).toBe(401)
    const key = await json('keys', 'create', '--role', 'admin', '--network', '127.0.0.0/8', '--expires', 'PT1H')
    expect(await statusWith(key.private)).toBe(200)
    const { items } = await json('keys', 'list')
    const [shown] = items.filter(({ id }: { id: string }) => id === key.id)
    const left = Date.parse(shown.expires) - Date.now()
    expect(left).toBeGreaterThan(3_500_000)
    expect(left).toBeLessThanOrEqual(3_600_000)
  })

  test('narrows a key to scopes, and lists them', async () => {
    const key = await json('keys', 'create', '--role', 'admin', '--scope', 'database:read', '--scope', 'tag:read')
    const { items } = await json('keys', 'list')
    const [shown] = items.filter(({ id }: { id: string }) => id === key.id)
    expect(shown.scopes).toEqual(['database:read', 'tag:read'])
    expect((await admin('keys', 'list')).out).toContain('database:read tag:read')
  })

  test.each([
    [['--role', 'king'], EXIT.usage, 'viewer, editor, admin, owner'],
    [[], EXIT.usage, '--role'],
    [['--role', 'viewer', '--expires', 'soon'], EXIT.usage, 'P30D'],
    [['--role', 'viewer', '--expires', '2020-01-01'], EXIT.refused, 'future'],
    [['--role', 'viewer', '--network', '10.0.0.0/99'], EXIT.refused, '10.0.0.0/8'],
    [['--role', 'viewer', '--scope', 'everything'], EXIT.refused, 'database:read'],
    [['--role', 'viewer', '--project', 'nowhere'], EXIT.refused, 'rolecall projects list'],
    [['--role', 'viewer', '--operator', 'nobody'], EXIT.refused, 'No operator nobody'],
  ])('refuses %j with words', async (flags, exit, words) => {
    const { code, err } = await admin('keys', 'create', ...flags)
    expect([code, err]).toEqual([exit, expect.stringContaining(words)])
  })

  test('lists a table for people', async () => {
    const { out } = await admin('keys', 'list')
    expect(out).toMatch(/public.*operator.*role.*networks/)
    expect(out).toContain('admin')
  })
})

describe('rolecall operators', () => {
  test('adds one with a role, changes it, and lists it', async () => {
    const grace = await json(
      'operators',
      'add',
      'grace',
      '--email',
      'grace@example.test',
      '--project',
      'main',
      '--role',
      'editor',
    )
    const roleOf = async () =>
      (await json('operators', 'list')).items.find(({ id }: { id: string }) => id === grace.id).roles[0]?.role
    expect(await roleOf()).toBe('editor')
    for (const role of ['viewer', 'editor', 'admin', 'owner']) {
      await admin('operators', 'set-role', 'grace', role)
      expect(await roleOf()).toBe(role)
    }
    await admin('operators', 'set-role', 'grace', 'none')
    expect(await roleOf()).toBeUndefined()
  })

  test('disables one: its keys open nothing until it is enabled again', async () => {
    await admin('operators', 'add', 'linus', '--project', 'main', '--role', 'viewer')
    const key = await json('keys', 'create', '--role', 'viewer', '--operator', 'linus')
    expect(await statusWith(key.private)).toBe(200)
    await admin('operators', 'disable', 'linus')
    expect(await statusWith(key.private)).toBe(401)
    await admin('operators', 'enable', 'linus')
    expect(await statusWith(key.private)).toBe(200)
  })

  test.each([
    [['add', 'admin'], EXIT.refused, ''],
    [['add', 'two words'], EXIT.refused, 'letters, digits'],
    [['set-role', 'admin', 'king'], EXIT.usage, 'viewer, editor, admin, owner'],
    [['set-role', 'admin', 'viewer'], EXIT.refused, 'last owner'],
  ])('refuses %j with words', async (args, exit, words) => {
    const { code, err } = await admin('operators', ...args)
    expect([code, err]).toEqual([exit, expect.stringContaining(words)])
  })
})

describe('rolecall projects', () => {
  test('creates, shows, renames and deletes one', async () => {
    const project = await json('projects', 'create', 'shop', '--alias', 'shop-eu')
    expect(project).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{24}$/), name: 'shop', alias: 'shop-eu' })
    expect(await json('projects', 'show', 'shop-eu')).toMatchObject({ members: [{ username: 'admin', role: 'owner' }] })
    const key = await json('keys', 'create', '--project', project.id, '--role', 'owner')
    expect(await statusWith(key.private)).toBe(200)
    await admin('projects', 'rename', 'shop', 'store')
    expect((await json('projects', 'list')).items.map(({ name }: { name: string }) => name).sort()).toEqual([
      'main',
      'store',
    ])
    const { code, out } = await admin('projects', 'delete', 'store')
    expect([code, out]).toEqual([0, 'Project store is gone.\n'])
  })
})

test('commands do not make a store where there is none', async () => {
  const { code, err } = await rolecall(['keys', 'list', '--data', aFolder()]).ended()
  expect([code, err]).toEqual([EXIT.refused, expect.stringContaining('There is no Rolecall in')])
})
