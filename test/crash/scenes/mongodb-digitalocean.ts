import { expect } from 'vitest'
import { logsIn } from '../../support/logins.ts'
import type { AfterRestart, Request } from '../drill/drill.ts'
import { digitaloceanScenes } from './digitalocean.ts'
import { OLD_PASSWORD, type Scene, type Scenes } from './scene.ts'

const ATLAS = '/api/atlas/v1.0'

/** The same in DigitalOcean's words where its users are a project's: what the project knows of a user must be what its server has, too. */
export const mongodbOceanScenes: Scenes = ground => {
  const all = digitaloceanScenes(ground)
  const named = (what: string): Scene => all.find(scene => scene.what === `DigitalOcean: ${what}`)!
  const usersOfProject = () => `/groups/${ground().template.project}/databaseUsers`

  /** One of the project's, at home on the cluster that is drilled on. */
  const ofProject = (name: string): readonly Request[] => {
    const roles = [{ databaseName: 'shop', roleName: 'read' }]
    const scopes = [{ name: 'drill', type: 'CLUSTER' }]
    const body = { databaseName: 'admin', username: name, password: OLD_PASSWORD, roles, scopes }
    return [{ api: ATLAS, method: 'POST', url: usersOfProject(), body }]
  }

  async function knows(name: string, { ask }: AfterRestart, roles?: readonly string[]): Promise<void> {
    const url = `${usersOfProject()}/admin/${name}`
    const { status, ...user } = await ask({ api: ATLAS, method: 'GET', url })
    expect(status).toBe(roles ? 200 : 404)
    if (!roles) return
    const has = (user.roles as { databaseName: string; roleName: string }[]).map(
      one => `${one.databaseName}.${one.roleName}`,
    )
    expect([has, user.scopes]).toMatchObject([roles, [{ name: 'drill', type: 'CLUSTER' }]])
  }

  return [
    {
      ...named('add a user'),
      check: async (name, found, after) => {
        await named('add a user').check(name, found, after)
        await knows(name, after, found === 'settled' ? [] : undefined)
      },
    },
    {
      ...named('reset its password'),
      kind: 'replace-user',
      setUp: ofProject,
      check: async (name, found, after) => {
        expect(await logsIn(ground().server, name, OLD_PASSWORD)).toBe(found !== 'settled')
        await knows(name, after, ['shop.read'])
      },
    },
    {
      ...named('delete a user'),
      setUp: ofProject,
      check: async (name, found, after) => {
        await named('delete a user').check(name, found, after)
        await knows(name, after, found === 'settled' ? undefined : ['shop.read'])
      },
    },
    named('add a database'),
    named('delete a database'),
  ]
}
