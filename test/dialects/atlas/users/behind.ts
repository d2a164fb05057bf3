import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Operation } from '../../../../src/domain/operations/operation.ts'
import type { AppWish } from '../../../support/app.ts'
import { adminOf, aUser, type Cluster, type Ground, twoClusters, until, usersPath } from './ground.ts'

export interface ServerRole {
  readonly role: string
  readonly db: string
}

/** What every user of these tests is made with, and what others give it. */
export const SHOP = { role: 'readWrite', db: 'shop' }
export const VAULT = { role: 'read', db: 'vault' }

export const textOf = ({ db, role }: ServerRole) => `${db}.${role}`

/** What others do on a server itself. */
export async function onServer(cluster: Cluster, command: Readonly<Record<string, unknown>>): Promise<void> {
  await using admin = await adminOf(cluster)
  await admin.db('admin').command(command)
}

export async function rolesOn(cluster: Cluster, name: string): Promise<readonly string[]> {
  await using admin = await adminOf(cluster)
  const { users } = await admin.db('admin').command({ usersInfo: name })
  const roles: readonly ServerRole[] = users[0]?.roles ?? []
  const known = roles.filter(({ role }) => !role.startsWith('rolecall.'))
  return known.map(({ db, role }) => `${db}.${role}`).toSorted()
}

/** Two clusters whose users others change, and what is to become of that. */
export function groundWith(drift: string, wish: AppWish = {}) {
  const held = {} as { ground: Ground }
  beforeAll(async () => {
    held.ground = await twoClusters({ ...wish, flags: { '--atlas-drift': drift, ...wish.flags } })
  }, 120_000)
  afterAll(async () => {
    await held.ground?.[Symbol.asyncDispose]()
  })
  const v1: Ground['atlas']['v1'] = (...asked) => held.ground.atlas.v1(...asked)
  const make = async (name: string) => {
    const made = await v1('POST', usersPath, { body: aUser(name) })
    expect(made.status, made.text).toBe(201)
  }
  const grant = (on: Cluster, name: string, role: ServerRole) => onServer(on, { grantRolesToUser: name, roles: [role] })
  const comesTo = async (on: Cluster, name: string, roles: readonly ServerRole[]) => {
    const wanted = roles.map(textOf).toSorted()
    const isSo = (found: readonly string[]) => JSON.stringify(found) === JSON.stringify(wanted)
    expect(await until(() => rolesOn(on, name), isSo)).toEqual(wanted)
  }
  /** What was to be set back until now has been: of two looks the second began after this. */
  const looksPass = async () => {
    for (const name of ['first', 'second'].map(one => `${one}_${randomUUID().slice(0, 8)}`)) {
      await make(name)
      await grant(held.ground.west, name, VAULT)
      await comesTo(held.ground.west, name, [SHOP])
    }
  }
  const keyOf = (name: string) => JSON.stringify([name, '', 'admin'])
  const record = (name: string) => {
    const { app, project } = held.ground.atlas.running
    return app.store.read.projectRecords.find(project, 'user', keyOf(name))
  }
  const recordOf = async (name: string) => (await record(name))?.current?.roles
  /** Newest first. */
  const operationsOf = async (name: string): Promise<readonly Operation[]> => {
    const { app, project } = held.ground.atlas.running
    const subject = { kind: 'user', key: keyOf(name) } as const
    return (await app.store.read.operations.list({ projectId: project, subject }, { limit: 50 })).items
  }
  return { held, v1, make, grant, comesTo, looksPass, record, recordOf, operationsOf }
}
