import { expect } from 'vitest'
import { type AfterRestart, coordinates } from '../drill/drill.ts'
import type { Scenes } from './scene.ts'

/** Changes of the store alone. */
export const connectionScenes: Scenes = ground => {
  const connections = () => `/projects/${ground().template.project}/connections`
  const spare = () => `/connections/${ground().template.spare}`
  const spareNow = ({ ask }: AfterRestart) => ask({ method: 'GET', url: spare() })
  const named = async (name: string, { ask }: AfterRestart) => {
    const { items } = await ask({ method: 'GET', url: `${connections()}?q=${name}` })
    return (items as unknown[]).length
  }
  return [
    {
      what: 'create a connection',
      request: name => ({ method: 'POST', url: connections(), body: coordinates(ground().server, name, 'crash.test') }),
      done: async (name, after) => (await named(name, after)) === 1,
      check: async (name, found, after) => expect(await named(name, after)).toBe(found === 'settled' ? 1 : 0),
      first: 201,
      repeated: [409, 'exists'],
    },
    {
      what: 'change a connection',
      request: name => ({ method: 'PATCH', url: spare(), body: { name, database: 'elsewhere' } }),
      done: async (name, after) => (await spareNow(after)).name === name,
      check: async (_name, found, after) =>
        expect((await spareNow(after)).database).toBe(found === 'settled' ? 'elsewhere' : ground().server.database),
      first: 200,
      repeated: 200,
    },
    {
      what: 'delete a connection',
      request: () => ({ method: 'DELETE', url: spare() }),
      done: async (_name, after) => (await spareNow(after)).status === 404,
      check: async (_name, found, after) =>
        expect((await spareNow(after)).status).toBe(found === 'settled' ? 404 : 200),
      first: 204,
      repeated: [404, 'not-found'],
    },
  ]
}
