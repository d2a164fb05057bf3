import { execFile } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { npmPackages } from '../../../support/clients/npm.ts'
import { aGround, type Ground, sqlOn } from './ground.ts'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', '..', 'examples')

describe('the examples run to their end against a real server, tell no secret, and leave nothing behind', () => {
  let ground: Ground
  beforeAll(async () => {
    ground = await aGround({})
  })
  afterAll(() => ground.running[Symbol.asyncDispose]())

  async function run(program: string, args: readonly string[]): Promise<string> {
    const env = { PATH: process.env.PATH, ROLECALL: ground.origin, KEY: ground.token }
    const { stdout, stderr } = await promisify(execFile)(program, args, { env })
    expect(stderr).toBe('')
    expect(stdout).not.toContain(ground.token)
    const made = stdout.match(/\b(example|ada|grace)_\d+/g) ?? []
    expect(made.length).toBeGreaterThan(0)
    const all = 'select rolname as name from pg_roles union all select datname from pg_database'
    expect(await sqlOn(ground.server, `select from (${all}) as all_names where name = any($1)`, [made])).toEqual([])
    return stdout
  }

  test('examples/digitalocean.sh', async () => {
    const said = (await run('sh', [join(EXAMPLES, 'digitalocean.sh')])).trimEnd().split('\n')
    expect(said.filter(line => line.startsWith('ok  ')).length).toBeGreaterThanOrEqual(8)
    expect(said.at(-1)).toMatch(/^ok {2}doctl /)
  })

  test('examples/digitalocean.mjs', async () => {
    const script = join(npmPackages('digitalocean'), `example-${process.pid}.mjs`)
    copyFileSync(join(EXAMPLES, 'digitalocean.mjs'), script)
    try {
      const said = await run(process.execPath, [script])
      expect(said).toMatch(/^main is PostgreSQL \d+/)
      expect(said.match(/has a password of \d\d characters/g)).toHaveLength(2)
      expect(said).toContain(`${ground.server.username} (primary)`)
      expect(said.trimEnd().endsWith('gone again')).toBe(true)
    } finally {
      rmSync(script)
    }
  })
})

/** What the provider knows of what the example uses, and what it must have. */
const KNOWN = {
  'provider "digitalocean"': { needs: ['api_endpoint', 'token'], takes: ['http_retry_max'] },
  'resource "digitalocean_database_cluster"': {
    needs: ['name', 'engine', 'version', 'size', 'region', 'node_count'],
    takes: ['tags', 'maintenance_window'],
  },
  'resource "digitalocean_database_db"': { needs: ['cluster_id', 'name'], takes: [] },
  'resource "digitalocean_database_user"': { needs: ['cluster_id', 'name'], takes: ['settings'] },
}

describe('examples/terraform-digitalocean', () => {
  const text = readdirSync(join(EXAMPLES, 'terraform-digitalocean'))
    .filter(name => name.endsWith('.tf'))
    .map(name => readFileSync(join(EXAMPLES, 'terraform-digitalocean', name), 'utf8'))
    .join('\n')

  test.each(Object.entries(KNOWN))(
    'has a %s with the arguments that it needs, and no others',
    (head, { needs, takes }) => {
      const blocks = text.split(/^(?=\S)/m).filter(block => block.startsWith(head))
      expect(blocks).toHaveLength(1)
      const given = [...blocks[0]!.matchAll(/^ {2}(\w+)\s*[={]/gm)].map(([, name]) => name!)
      expect(given.toSorted()).toEqual(expect.arrayContaining(needs))
      expect(given.filter(name => ![...needs, ...takes].includes(name))).toEqual([])
    },
  )

  test('names each of its variables, and uses each', () => {
    const declared = [...text.matchAll(/^variable "(\w+)"/gm)].map(([, name]) => name)
    const used = [...text.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name)
    expect([...new Set(used)].toSorted()).toEqual(declared.toSorted())
  })

  test('adopts as the one size that every server here has, as one node', () => {
    expect(text).toMatch(/size\s+= "byo"/)
    expect(text).toMatch(/node_count\s*= 1$/m)
  })
})
