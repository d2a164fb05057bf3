import type { Request, Template } from './drill.ts'
import type { Scene } from './scenes.ts'

/** Of changes that DigitalOcean's clients ask for too, in their words: the same must hold on the server afterwards. */
export function digitaloceanScenes(native: readonly Scene[], { instance }: Template): readonly Scene[] {
  const cluster = `/databases/${instance}`
  const like = (what: string) => native.find(scene => scene.what === what)!
  const request = (method: Request['method'], url: string, body?: object): Request => ({
    api: '/v2',
    method,
    url: cluster + url,
    body,
  })

  return [
    {
      ...like('create a user'),
      what: 'DigitalOcean: add a user',
      request: name => request('POST', '/users', { name }),
      repeated: 422,
    },
    {
      ...like('reset its password'),
      what: 'DigitalOcean: reset its password',
      request: name => request('POST', `/users/${name}/reset_auth`, {}),
      repeated: 200,
    },
    {
      ...like('drop a user'),
      what: 'DigitalOcean: delete a user',
      request: name => request('DELETE', `/users/${name}`),
      first: 204,
      repeated: 404,
    },
    {
      ...like('create a database'),
      what: 'DigitalOcean: add a database',
      request: name => request('POST', '/dbs', { name }),
      repeated: 422,
    },
    {
      ...like('drop a database'),
      what: 'DigitalOcean: delete a database',
      request: name => request('DELETE', `/dbs/${name}`),
      first: 204,
      repeated: 404,
    },
  ]
}

export const IN_DIGITALOCEANS_WORDS = [
  ...['DigitalOcean: add a user', 'DigitalOcean: reset its password', 'DigitalOcean: delete a user'],
  ...['DigitalOcean: add a database', 'DigitalOcean: delete a database'],
]
