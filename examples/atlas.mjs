// The Atlas dialect from Node, with a client that knows nothing of Rolecall:
//   npm install mongodb-atlas-api-client
//   ROLECALL=http://127.0.0.1:8480 PUBLIC=… KEY=… GROUP=… node examples/atlas.mjs
// Gives everybody who is named in `team` a database of their own on every MongoDB server of the project, for a day.
import { randomBytes } from 'node:crypto'
import getClient from 'mongodb-atlas-api-client'

const { ROLECALL: url, PUBLIC: publicKey, KEY: privateKey, GROUP: projectId } = process.env
if (!url || !publicKey || !privateKey || !projectId)
  throw new Error(
    'Set ROLECALL to where Rolecall is reached, PUBLIC and KEY to the halves of a key, GROUP to a project',
  )

const { cluster, user } = getClient({ publicKey, privateKey, baseUrl: `${url}/api/atlas/v1.0`, projectId })

/** This client hands refusals back as if they were answers. */
function done(answer) {
  if (answer.error) throw new Error(`${answer.errorCode}: ${answer.detail}`)
  return answer
}

const { results: clusters } = done(await cluster.getAll())
if (clusters.length === 0) throw new Error('No MongoDB server is under management')
console.log(`${clusters.map(({ name }) => name).join(' and ')}`)

const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000).toISOString()
const team = ['ada', 'grace'].map(person => `${person}_${process.pid}`)
for (const username of team) {
  const password = randomBytes(18).toString('base64url')
  const roles = [{ databaseName: username, roleName: 'readWrite' }]
  const made = done(await user.create({ databaseName: 'admin', username, password, roles, deleteAfterDate: tomorrow }))
  console.log(`${made.username} may read and write ${made.roles[0].databaseName} until ${made.deleteAfterDate}`)
}

const { results, totalCount } = done(await user.getAll({ itemsPerPage: 500 }))
console.log(`${totalCount} users: ${results.map(({ username }) => username).join(', ')}`)

for (const username of team) await user.delete(username)
console.log('gone again')
