import { styleText } from 'node:util'
import type { Registered } from './registration.ts'

/** What to try, to be copied line by line into another terminal. */
export function tour(url: string, folder: string, { operator, key, connections }: Registered): string {
  const { connection, instance } = connections.find(one => one.instance.slug === 'demo') ?? connections[0]!
  const title = (text: string) => styleText('bold', `# ${text}`)
  const server = `${connection.host} -p ${connection.port}`
  return `
Rolecall runs at ${url} with a PostgreSQL of its own on port ${connection.port}. Ctrl-C stops both; ${folder} keeps them.
Copy these lines into another terminal.

export ROLECALL=${url} KEY=${key.private}
export DEMO=$ROLECALL/rolecall/v1/instances/${instance.id}

${title('Who may log in?')}
curl -sw '\\n' $DEMO/users -H "Authorization: Bearer $KEY"

${title('Make a login, and see its password once')}
ADA=$(curl -s $DEMO/users -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"name":"ada","grants":[{"role":"readwrite","database":"orders"}]}'); echo "$ADA"

${title('Log in as her, on the real server')}
export PGPASSWORD=$(echo "$ADA" | sed -E 's/.*"password":"([^"]*)".*/\\1/')
psql -h ${server} -U ada orders -c 'select * from customers'

${title('See exactly what dropping her would run, then drop her')}
curl -sw '\\n' -X DELETE "$DEMO/users/ada?dryRun=true" -H "Authorization: Bearer $KEY"
curl -sw '\\n' -X DELETE $DEMO/users/ada -H "Authorization: Bearer $KEY"

${title('The same server, in the words of WireMock Cloud')}
curl -sw '\\n' $ROLECALL/v1/users/${operator.id}/database-connections -H "Authorization: Token $KEY"

Documents: ${url}/docs
`
}
