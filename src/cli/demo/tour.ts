import { styleText } from 'node:util'
import type { Registered, RegisteredServer } from './registration.ts'

/** What to try, to be copied line by line into another terminal. */
export function tour(url: string, folder: string, { project, operator, key, servers }: Registered): string {
  const [first, ...more] = servers as [RegisteredServer, ...RegisteredServer[]]
  return `
Rolecall runs at ${url} with ${told(servers)}. Ctrl-C stops all of it; ${folder} keeps it.
Copy these lines into another terminal.

export ROLECALL=${url} KEY=${key.private}
export DEMO=$ROLECALL/rolecall/v1/instances/${first.instance.id}

${title('Who may log in?')}
curl -sw '\\n' $DEMO/users -H "Authorization: Bearer $KEY"

${title('Make a login, and see its password once')}
${MAKE_ADA}

${title('Log in as her, on the real server')}
${first.product.tryLogin(first.connection.port, folder)}

${title('See exactly what dropping her would run, then drop her')}
curl -sw '\\n' -X DELETE "$DEMO/users/ada?dryRun=true" -H "Authorization: Bearer $KEY"
${DROP_ADA}
${more.map(one => alsoOn(one, folder)).join('')}
${title('The same, in the words of WireMock Cloud, and in those of DigitalOcean')}
curl -sw '\\n' $ROLECALL/v1/users/${operator.id}/database-connections -H "Authorization: Token $KEY"
curl -sw '\\n' $ROLECALL/v2/databases -H "Authorization: Bearer $KEY"
${servers.map(({ product }) => ownApi(product.tryOwnApi?.(project.id, key.public))).join('')}
Documents: ${url}/docs
`
}

const MAKE_ADA = `ADA=$(curl -s $DEMO/users -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \\
  -d '{"name":"ada","grants":[{"role":"readwrite","database":"orders"}]}'); echo "$ADA"`

const DROP_ADA = `curl -sw '\\n' -X DELETE $DEMO/users/ada -H "Authorization: Bearer $KEY"`

const title = (text: string) => styleText('bold', `# ${text}`)

function told(servers: readonly RegisteredServer[]): string {
  const each = servers.map(({ product, connection }) => `a ${product.label} on port ${connection.port}`)
  return `${each.join(' and ')} of its own`
}

function alsoOn({ product, instance, connection }: RegisteredServer, folder: string): string {
  return `
${title(`The same on ${product.label}`)}
export DEMO=$ROLECALL/rolecall/v1/instances/${instance.id}
${MAKE_ADA}
${product.tryLogin(connection.port, folder)}
${DROP_ADA}
`
}

function ownApi(told: { readonly title: string; readonly command: string } | undefined): string {
  return told ? `\n${title(told.title)}\n${told.command}\n` : ''
}
