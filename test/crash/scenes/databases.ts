import { expect } from 'vitest'
import type { Scenes } from './scene.ts'

export const databaseScenes: Scenes = ground => {
  const databases = () => `/instances/${ground().template.instance}/databases`
  return [
    {
      what: 'create a database',
      kind: 'create-database',
      request: name => ({ method: 'POST', url: databases(), body: { name } }),
      check: async (name, found) => expect(await ground().sight.databases(name)).toBe(found === 'settled' ? 1 : 0),
      first: 201,
      repeated: [409, 'exists'],
    },
    {
      what: 'drop a database',
      kind: 'drop-database',
      setUp: name => [{ method: 'POST', url: databases(), body: { name } }],
      request: name => ({ method: 'DELETE', url: `${databases()}/${name}` }),
      check: async (name, found) => {
        expect(found).not.toBe('undone')
        expect(await ground().sight.databases(name)).toBe(found === 'nothing' ? 1 : 0)
      },
      first: 200,
      repeated: [404, 'not-found'],
    },
  ]
}
