import { isIPv4 } from 'node:net'
import type { AtlasHttp, AtlasParts } from '../context.ts'
import { sendProblem } from '../refusals/problems.ts'
import { beginAnswers, finishAnswer } from '../requests/answers.ts'
import { unknownRoutes } from './unknown.ts'

/** The newest that anything here was proved with. */
const MAJOR_VERSION = '8.0'

/** What the command line and Terraform ask beside the API, without credentials. */
export function sideRoutes(http: AtlasHttp, parts: AtlasParts): void {
  http.decorate('dialect', 'atlas')
  http.decorate('generation', 'v1.0')
  http.setErrorHandler(sendProblem)
  http.addHook('onRequest', beginAnswers(parts))
  http.addHook('onSend', finishAnswer)
  unknownRoutes(http)
  const schema = { hide: true }

  http.get('/unauth/version', { schema }, (_request, reply) =>
    reply.type('text/plain; charset=utf-8').serializer(String).send(`rolecall ${parts.version}`),
  )
  http.get('/unauth/nds/defaultMongoDBMajorVersion', { schema }, (_request, reply) =>
    reply.type('text/plain; charset=utf-8').serializer(String).send(MAJOR_VERSION),
  )
  http.get('/ipinfo', { schema }, async ({ ip }) => ({ currentIpv4Address: plain(ip) }))
}

/** An IPv4 address as a socket of IPv6 has it is the IPv4 address. */
function plain(ip: string): string {
  const [, mapped = ''] = /^::ffff:([\d.]+)$/i.exec(ip) ?? []
  return isIPv4(mapped) ? mapped : ip
}
