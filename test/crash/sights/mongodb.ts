import type { Document, MongoClient } from 'mongodb'
import type { EngineSight } from './postgresql.ts'

export interface MongodbSight extends EngineSight {
  /** What a login has on the server, as `DATABASE.ROLE`; marks left out. */
  rolesOf(name: string): Promise<readonly string[]>
  /** Roles of ours that are about one login: what it had before it was locked. */
  heldFor(name: string): Promise<readonly string[]>
}

const DATABASE = 'admin'

/** The same, looked at on a server of MongoDB's protocol. */
export function mongodbSight(engine: MongoClient): MongodbSight {
  const admin = engine.db(DATABASE)

  async function accounts(name: string): Promise<readonly Document[]> {
    return admin.collection('system.users').find({ user: name }).toArray()
  }

  async function roleNames(part: string): Promise<readonly string[]> {
    const { roles } = await admin.command({ rolesInfo: 1 })
    return (roles as readonly { role: string }[]).map(({ role }) => role).filter(role => role.includes(part))
  }

  async function rolesOf(name: string): Promise<readonly string[]> {
    const [account] = await accounts(name)
    const roles = (account?.roles ?? []) as readonly { role: string; db: string }[]
    return roles
      .filter(({ role }) => !role.startsWith('rolecall.mark.'))
      .map(({ role, db }) => `${db}.${role}`)
      .toSorted()
  }

  async function databaseNames(): Promise<readonly string[]> {
    const { databases } = await admin.admin().listDatabases({ nameOnly: true })
    return databases.map(({ name }) => name)
  }

  async function marksIn(operation: string): Promise<readonly string[]> {
    const found: string[] = []
    // Those of this drill alone: others make and drop theirs meanwhile.
    for (const name of (await databaseNames()).filter(one => one.startsWith('crash_'))) {
      const collections = await engine.db(name).listCollections({}, { nameOnly: true }).toArray()
      found.push(...collections.map(one => one.name).filter(one => one.includes(operation)))
    }
    return found
  }

  async function leftBy(operation: string): Promise<readonly string[]> {
    const marked = await admin.collection('system.users').find({ 'customData.rolecall.operation': operation }).toArray()
    return [...(await roleNames(operation)), ...marked.map(({ user }) => user), ...(await marksIn(operation))]
  }

  async function forget(name: string): Promise<void> {
    await engine.db(name).dropDatabase()
    for (const { db, roles = [] } of await accounts(name)) {
      await engine.db(db).command({ dropUser: name })
      const ours = (roles as readonly { role: string }[]).filter(({ role }) => role.startsWith('rolecall.mark.'))
      for (const { role } of ours) await admin.command({ dropRole: role }).catch(() => undefined)
    }
    for (const role of await roleNames(`.${name}`)) await admin.command({ dropRole: role }).catch(() => undefined)
  }

  return {
    rolesOf,
    heldFor: name => roleNames(`rolecall.held.${DATABASE}.${name}`),
    roles: async name => (await accounts(name)).length,
    databases: async name => (await databaseNames()).filter(one => one === name).length,
    memberships: async name => (await rolesOf(name)).length,
    // Logins have no such limit here.
    connectionLimit: async () => -1,
    leftBy,
    forget,
    freshDatabase: async name => {
      await engine.db(name).dropDatabase()
      await engine.db(name).createCollection('things')
    },
    close: () => engine.close(),
  }
}
