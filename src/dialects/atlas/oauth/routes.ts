import { Type } from 'typebox'
import { ref } from '../../request.ts'
import { compileLazily } from '../../validation.ts'
import { originOf } from '../authentication/authenticate.ts'
import type { AtlasHttp, AtlasParts } from '../context.ts'
import { OAuthRefusal, sendOAuthProblem } from './refusals.ts'
import { clientIn, readForm } from './requests.ts'

const AccessToken = Type.Object(
  {
    access_token: Type.String(),
    expires_in: Type.Integer({ description: 'Seconds' }),
    token_type: Type.Literal('Bearer'),
  },
  { $id: 'AccessToken' },
)

const OAuthError = Type.Object(
  { error: Type.String(), error_description: Type.String() },
  { $id: 'OAuthError', description: 'As RFC 6749 has it' },
)

export const oauthSchemas = [AccessToken, OAuthError]

const text = (description: string) => Type.String({ minLength: 1, description })
const Grant = Type.Object({ grant_type: text('`client_credentials`') })
const Revocation = Type.Object({ token: text('Of this client'), token_type_hint: Type.Optional(Type.String()) })

const REFUSALS = Object.fromEntries([400, 401, 413, 500, 503].map(status => [status, ref(OAuthError)]))

const tags = ['OAuth']
const consumes = ['application/x-www-form-urlencoded']
const security = [{ basic: [] }]
const FORM_BYTES = 16_384

/** Tokens for service accounts. Nothing of the rest of this API holds here: no challenge, no versions, errors of their own form. */
export function oauthRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const { oauth } = parts.services
  manners(http)

  http.post(
    '/token',
    {
      preValidation: readForm,
      schema: {
        operationId: 'createAccessToken',
        tags,
        security,
        consumes,
        summary: 'A token for a service account, good for an hour',
        body: Grant,
        response: { 200: ref(AccessToken), ...REFUSALS },
      },
    },
    async (request, reply) => {
      const client = clientIn(request)
      if (request.body.grant_type !== 'client_credentials')
        throw new OAuthRefusal(400, 'unsupported_grant_type', 'The grant type here is client_credentials')
      const issued = await oauth.issue(client, originOf(request))
      if (!issued) throw unknownClient()
      const { secret, expiresInSeconds: seconds } = issued
      reply.header('pragma', 'no-cache')
      return { access_token: secret.reveal(), expires_in: seconds, token_type: 'Bearer' }
    },
  )

  http.post(
    '/revoke',
    {
      preValidation: readForm,
      schema: {
        operationId: 'revokeAccessToken',
        tags,
        security,
        consumes,
        summary: 'End a token; one that nobody knows has ended already',
        body: Revocation,
        response: { 200: { description: 'Ended', type: 'null' }, ...REFUSALS },
      },
    },
    async (request, reply) => {
      const client = clientIn(request)
      if (!(await oauth.revoke(client, request.body.token, originOf(request)))) throw unknownClient()
      return reply.code(200).send()
    },
  )
}

const unknownClient = () => new OAuthRefusal(401, 'invalid_client', 'Client authentication failed')

function manners(http: AtlasHttp): void {
  http.decorate('dialect', 'atlas')
  for (const schema of oauthSchemas) http.addSchema(schema)
  http.setValidatorCompiler(compileLazily)
  http.setSerializerCompiler(() => value => JSON.stringify(value))
  http.setErrorHandler(sendOAuthProblem)
  http.removeAllContentTypeParsers()
  http.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: FORM_BYTES }, (_request, body, done) =>
    done(null, body),
  )
  http.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })
  http.setNotFoundHandler(async (request, reply) => {
    const allow = http.methodsAt(request.url.split('?')[0]!)
    if (allow.length > 0) reply.header('allow', allow.join(', '))
    throw new OAuthRefusal(allow.length > 0 ? 405 : 404, 'invalid_request', 'Nothing is served here by this method')
  })
}
