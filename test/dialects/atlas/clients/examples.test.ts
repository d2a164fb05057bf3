import { execFile } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { originOf } from '../../../support/atlas/clients.ts'
import { npmPackages } from '../../../support/clients/npm.ts'
import { mongodbServers } from '../../../support/servers.ts'
import { anAtlas } from '../atlas.ts'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', '..', 'examples')

test('examples/atlas.mjs runs to its end, tells no secret, and leaves nothing behind', async () => {
  await using atlas = await anAtlas()
  const { running } = atlas
  await running.connect(await mongodbServers()[0]!.start(), { instanceName: 'tour' })
  const script = join(npmPackages('atlas'), `example-${process.pid}.mjs`)
  copyFileSync(join(EXAMPLES, 'atlas.mjs'), script)
  try {
    const { publicKey: PUBLIC, privateKey: KEY } = running.key
    const env = { PATH: process.env.PATH, ROLECALL: originOf(running), PUBLIC, KEY, GROUP: running.project }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [script], { env })
    expect(stderr).toBe('')
    expect(stdout).not.toContain(KEY)
    expect(stdout).toMatch(/^tour\n/)
    const made = stdout.match(/^(ada|grace)_\d+(?= may read and write \1_\d+ until 20\S+Z$)/gm)!
    expect(made).toHaveLength(2)
    expect(stdout).toMatch(new RegExp(`^\\d+ users: .*${made[0]}.*${made[1]}`, 'm'))
    expect(stdout.trimEnd().endsWith('gone again')).toBe(true)
    for (const name of made) expect((await atlas.v1('GET', `/databaseUsers/admin/${name}`)).status).toBe(404)
  } finally {
    rmSync(script)
  }
}, 120_000)

/** What the provider knows of what the example uses, and what it must have. */
const KNOWN = {
  'provider "mongodbatlas"': { needs: ['public_key', 'private_key'], takes: ['base_url'] },
  'resource "mongodbatlas_custom_db_role" "clerk"': { needs: ['project_id', 'role_name', 'actions'], takes: [] },
  'resource "mongodbatlas_database_user" "app"': {
    needs: ['project_id', 'auth_database_name', 'username', 'roles'],
    takes: ['password', 'labels'],
  },
  'resource "mongodbatlas_database_user" "clerk"': {
    needs: ['project_id', 'auth_database_name', 'username', 'roles'],
    takes: ['password', 'scopes'],
  },
}

describe('examples/terraform-atlas', () => {
  const folder = join(EXAMPLES, 'terraform-atlas')
  const text = readdirSync(folder)
    .filter(name => name.endsWith('.tf'))
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('\n')

  test.each(Object.entries(KNOWN))(
    'has a %s with the arguments that it needs, and no others',
    (head, { needs, takes }) => {
      const blocks = text.split(/^(?=\S)/m).filter(block => block.startsWith(head))
      expect(blocks).toHaveLength(1)
      const given = [...blocks[0]!.matchAll(/^ {2}(\w+)\s*[={]/gm)].map(([, name]) => name!)
      expect(given).toEqual(expect.arrayContaining(needs))
      expect(given.filter(name => ![...needs, ...takes].includes(name))).toEqual([])
    },
  )

  test('names each of its variables, and uses each', () => {
    const declared = [...text.matchAll(/^variable "(\w+)"/gm)].map(([, name]) => name)
    const used = [...text.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name)
    expect([...new Set(used)].toSorted()).toEqual(declared.toSorted())
  })
})
