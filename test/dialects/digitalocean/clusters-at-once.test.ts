import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aDatabase } from '../../support/store-database.ts'
import { aDigitalOcean, type DigitalOcean } from './digitalocean.ts'

const stores = [
  ['SQLite', async () => ({})],
  ['PostgreSQL', async () => ({ '--store': await aDatabase() })],
] as const

let counted = 0

describe.each(stores)('over %s, requests at once', (_, flagsFor) => {
  let ocean: DigitalOcean
  beforeAll(async () => {
    ocean = await aDigitalOcean({ flags: { '--limits-rate-per-minute': '100000', ...(await flagsFor()) } })
  })
  afterAll(() => ocean?.[Symbol.asyncDispose]())

  const at = () => ({ host: 'db.example.test', port: 5000 + ++counted, database: 'd', username: 'u' })
  async function aServer(): Promise<{ readonly id: string; readonly slug: string }> {
    const slug = `rack-${counted + 1}`
    const body = { name: slug, slug, engine: 'postgresql', ...at() }
    const made = await ocean.running.native('POST', `/projects/${ocean.running.project}/connections`, { body })
    return { id: made.body.instance, slug }
  }
  const adopt = (region: string, name: string) =>
    ocean.ask('POST', '/v2/databases', { body: { name, engine: 'pg', region, size: 'byo', num_nodes: 1 } })
  const namesOf = async () => {
    const { databases } = (await ocean.ask('GET', '/v2/databases')).body
    return databases.map(({ name }: { name: string }) => name) as string[]
  }

  test('for one server under four names are one adoption, and three refusals', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { slug } = await aServer()
      const answers = await Promise.all(['a', 'b', 'c', 'd'].map(letter => adopt(slug, `${letter}-${slug}`)))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 422, 422, 422])
    }
  })

  test('for one name by an adoption, a rename and a new server make no two clusters of it', async () => {
    for (let round = 0; round < 8; round += 1) {
      const [one, other] = [await aServer(), await aServer()]
      const name = `wanted-${counted}`
      const connection = { name: `c ${name}`, instanceName: name, engine: 'postgresql', ...at() }
      await Promise.all([
        adopt(one.slug, name),
        ocean.running.native('PATCH', `/instances/${other.id}`, { body: { name } }),
        ocean.running.native('POST', `/projects/${ocean.running.project}/connections`, { body: connection }),
      ])
      expect((await namesOf()).filter(own => own === name)).toHaveLength(1)
    }
  })
})
