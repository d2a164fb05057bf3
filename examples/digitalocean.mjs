// The DigitalOcean dialect from Node, with a client that knows nothing of Rolecall:
//   npm install dots-wrapper
//   ROLECALL=http://127.0.0.1:8480 KEY=… node examples/digitalocean.mjs
// Gives everybody who is named in `team` a login and a database of their own, and takes both away again.
import { createApiClient } from 'dots-wrapper'

const { ROLECALL: url, KEY: token } = process.env
if (!url || !token) throw new Error('Set ROLECALL to where Rolecall is reached, and KEY to the private half of a key')

// Unlike other clients it wants the /v2 in its endpoint.
const { database } = createApiClient({ endpoint: `${url}/v2`, token })

const { data: listed } = await database.listDatabaseClusters({})
const cluster = listed.databases.find(({ engine }) => engine === 'pg')
if (!cluster) throw new Error('No PostgreSQL server is under management')
const database_cluster_id = cluster.id
console.log(`${cluster.name} is PostgreSQL ${cluster.semantic_version ?? cluster.version}`)

const team = ['ada', 'grace'].map(person => `${person}_${process.pid}`)
for (const name of team) {
  await database.createDatabaseClusterDb({ database_cluster_id, db_name: name })
  const { data } = await database.createDatabaseClusterUser({ database_cluster_id, user_name: name })
  // `data.user.password` is what the new login opens with. It is told this once.
  console.log(`${data.user.name} has a password of ${data.user.password.length} characters, and a database`)
}

const { data: all } = await database.listDatabaseClusterUsers({ database_cluster_id })
console.log(`${all.users.length} users: ${all.users.map(({ name, role }) => `${name} (${role})`).join(', ')}`)

for (const name of team) {
  await database.removeDatabaseClusterUser({ database_cluster_id, user_name: name })
  await database.deleteDatabaseClusterDb({ database_cluster_id, db_name: name })
}
console.log('gone again')
