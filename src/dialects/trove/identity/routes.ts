import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import { refused } from '../../../services/callers/authentication.ts'
import { isToken } from '../../../services/callers/tokens.ts'
import type { TroveHttp, TroveParts } from '../context.ts'
import { baseOf } from '../requests/addresses.ts'
import { originOf } from '../requests/authentication.ts'
import { v3Catalog } from './catalog.ts'
import {
  issue,
  type Proved,
  projectsOf,
  provedByPassword,
  provedByToken,
  type Scoped,
  tenantOf,
  usual,
} from './scoped.ts'
import { Anything, fromV2, fromV3, identityAt, V2Auth, V3Auth, v2Version, v3Version } from './wire.ts'

const tags = ['Identity']
const answers = (status: number, description: string) => ({ [status]: { description, ...Anything } })

/** What clients ask before their first POST. */
export function identityVersionRoutes(http: TroveHttp, parts: TroveParts): void {
  const both = (request: FastifyRequest) => {
    const identity = identityAt(request, parts)
    return { versions: { values: [v3Version(identity), v2Version(identity)] } }
  }
  const shown = { schema: { hide: true } }
  http.get('/', shown, (request, reply) => reply.code(300).send(both(request)))
  for (const path of ['/v3', '/v3/'])
    http.get(path, shown, async request => ({ version: v3Version(identityAt(request, parts)) }))
  for (const path of ['/v2.0', '/v2.0/'])
    http.get(path, shown, async request => ({ version: v2Version(identityAt(request, parts)) }))
}

export function v3Routes(http: TroveHttp, parts: TroveParts): void {
  const path = '/v3/auth/tokens'

  http.post(
    path,
    {
      schema: {
        operationId: 'issueToken',
        tags,
        summary: 'A token, for a password, a token or an application credential',
        security: [],
        body: V3Auth,
        response: answers(201, 'What the token is good for; the token itself is in `X-Subject-Token`'),
      },
    },
    async (request, reply) => {
      const { identity, scope } = request.body.auth
      const proved = await proveV3(parts, request, identity)
      const asked = typeof scope === 'object' ? (scope.project?.id ?? scope.project?.name) : undefined
      const scoped = await issue(parts, request, proved, asked)
      return sendV3(request, reply.code(201), scoped)
    },
  )

  http.get(
    path,
    {
      schema: {
        operationId: 'checkToken',
        tags,
        summary: 'What the token in `X-Subject-Token` is good for',
        response: answers(200, 'As when it was issued'),
      },
    },
    async (request, reply) => {
      await callerOf(parts, request)
      const scoped = await subjectOf(parts, request)
      return sendV3(request, reply, scoped)
    },
  )

  http.delete(
    path,
    {
      schema: {
        operationId: 'revokeToken',
        tags,
        summary: 'End the token in `X-Subject-Token`',
        response: { 204: { description: 'It is good for nothing any more', type: 'null' } },
      },
    },
    async (request, reply) => {
      const { caller } = await callerOf(parts, request)
      const subject = await subjectOf(parts, request)
      if (subject.caller.operator.id !== caller.operator.id) throw new Fault('forbidden', 'key', 'Not yours')
      await parts.services.tokens.revoke(subject.token)
      return reply.code(204).send()
    },
  )

  http.get(
    '/v3/auth/catalog',
    {
      schema: {
        operationId: 'getCatalog',
        tags,
        summary: 'Where the services are',
        response: answers(200, 'The catalogue'),
      },
    },
    async request => {
      const [, project] = await whoAndWhere(parts, request)
      return { catalog: v3Catalog(baseOf(request, parts), project) }
    },
  )

  http.get('/v3/auth/projects', { schema: { hide: true } }, async request => {
    const { caller } = await callerOf(parts, request)
    const projects = (await projectsOf(parts, caller)).map(tenantOf)
    return { projects: projects.map(id => ({ id, name: id, domain_id: 'default', enabled: true })), links: {} }
  })

  function sendV3(request: FastifyRequest, reply: FastifyReply, scoped: Scoped): FastifyReply {
    reply.header('x-subject-token', scoped.text).header('vary', 'X-Auth-Token')
    return reply.send(fromV3(scoped, baseOf(request, parts)))
  }
}

type Identity = Static<typeof V3Auth>['auth']['identity']

function proveV3(parts: TroveParts, request: FastifyRequest, identity: Identity): Promise<Proved> {
  const { methods, password, token, application_credential: credential } = identity
  if (methods.includes('password') && password) {
    const { id, name = id, password: secret } = password.user
    return provedByPassword(parts, request, name ?? '', secret)
  }
  if (methods.includes('application_credential') && credential) {
    const { id, name = id, secret } = credential
    return provedByPassword(parts, request, id ?? name ?? '', secret, 'application_credential')
  }
  if (methods.includes('token') && token) return provedByToken(parts, request, token.id)
  throw new Fault('malformed', 'request', 'No method that is known here')
}

/** Version 2; `base` is where its paths begin below the scope's own. */
export function v2Routes(http: TroveHttp, parts: TroveParts, base: '' | '/v2.0'): void {
  const hide = base === ''
  http.post(
    `${base}/tokens`,
    {
      schema: {
        operationId: 'issueTokenV2',
        tags,
        hide,
        summary: 'A token, for a password, an API key or a token',
        security: [],
        body: V2Auth,
        response: answers(200, 'The token, and where the services are'),
      },
    },
    async request => {
      const { auth } = request.body
      const proved = await proveV2(parts, request, auth)
      const scoped = await issue(parts, request, proved, auth.tenantId || auth.tenantName || undefined)
      return fromV2(scoped, baseOf(request, parts))
    },
  )

  http.get(
    `${base}/tenants`,
    {
      schema: {
        operationId: 'listTenants',
        tags,
        hide,
        summary: 'Projects that the token opens',
        response: answers(200, 'The projects'),
      },
    },
    async request => {
      const { caller } = await callerOf(parts, request)
      const tenants = (await projectsOf(parts, caller)).map(tenantOf)
      return { tenants: tenants.map(id => ({ id, name: id, enabled: true })), tenants_links: [] }
    },
  )
}

function proveV2(parts: TroveParts, request: FastifyRequest, auth: Static<typeof V2Auth>['auth']): Promise<Proved> {
  const { passwordCredentials: password, 'RAX-KSKEY:apiKeyCredentials': key, token } = auth
  if (password) return provedByPassword(parts, request, password.username, password.password)
  if (key) return provedByPassword(parts, request, key.username, key.apiKey)
  if (token) return provedByToken(parts, request, token.id)
  throw new Fault('malformed', 'request', 'No credentials that are known here')
}

/** Whoever asks, by `X-Auth-Token`. */
async function callerOf(parts: TroveParts, request: FastifyRequest): Promise<Proved> {
  const text = request.headers['x-auth-token']
  if (typeof text !== 'string' || text === '') throw refused()
  const proved = await provedByToken(parts, request, text)
  request.caller = proved.caller
  return proved
}

async function whoAndWhere(parts: TroveParts, request: FastifyRequest): Promise<readonly [Proved, string]> {
  const proved = await callerOf(parts, request)
  const projects = await projectsOf(parts, proved.caller)
  const id = proved.token?.projectId ?? proved.caller.key.homeProjectId
  const project = projects.find(one => one.id === id) ?? usual(projects, proved.caller)
  if (!project) throw new Fault('forbidden', 'project', 'No project')
  return [proved, tenantOf(project)]
}

/** The token in `X-Subject-Token`; one that is over is not there. */
async function subjectOf(parts: TroveParts, request: FastifyRequest): Promise<Scoped> {
  const text = request.headers['x-subject-token']
  const gone = new Fault('not_found', 'key', 'No such token')
  if (typeof text !== 'string' || !isToken(text)) throw gone
  const found = await parts.services.tokens.caller(text, originOf(request)).catch(() => undefined)
  const project = found && (await projectsOf(parts, found.caller))[0]
  if (!found || !project) throw gone
  return { ...found, project, text }
}
