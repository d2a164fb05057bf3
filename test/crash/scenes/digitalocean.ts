import type { Request } from '../drill/drill.ts'
import { databaseScenes } from './databases.ts'
import type { Scene, Scenes } from './scene.ts'
import { userScenes } from './users.ts'

/** Of changes that DigitalOcean's clients ask for too, in their words: the same must hold on the server afterwards. */
export const digitaloceanScenes: Scenes = ground => {
  const native = [...userScenes(ground), ...databaseScenes(ground)]
  const request = (method: Request['method'], url: string, body?: object): Request => ({
    api: '/v2',
    method,
    url: `/databases/${ground().template.instance}${url}`,
    body,
  })
  const like = (what: string, own: Partial<Scene> & Pick<Scene, 'what'>): Scene => ({
    ...native.find(scene => scene.what === what)!,
    asClient: true,
    ...own,
  })

  return [
    like('create a user', {
      what: 'DigitalOcean: add a user',
      request: name => request('POST', '/users', { name }),
      repeated: 422,
    }),
    like('reset its password', {
      what: 'DigitalOcean: reset its password',
      request: name => request('POST', `/users/${name}/reset_auth`, {}),
      repeated: 200,
    }),
    like('drop a user', {
      what: 'DigitalOcean: delete a user',
      request: name => request('DELETE', `/users/${name}`),
      first: 204,
      repeated: 404,
    }),
    like('create a database', {
      what: 'DigitalOcean: add a database',
      request: name => request('POST', '/dbs', { name }),
      repeated: 422,
    }),
    like('drop a database', {
      what: 'DigitalOcean: delete a database',
      request: name => request('DELETE', `/dbs/${name}`),
      first: 204,
      repeated: 404,
    }),
  ]
}
