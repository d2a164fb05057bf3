import { Type } from 'typebox'
import { baseOf } from '../requests/addresses.ts'
import { v2Catalog, v3Catalog } from './catalog.ts'
import { isAdmin, momentOf, rolesOf, type Scoped, tenantOf } from './scoped.ts'

const Text = Type.String({ minLength: 1 })
const Named = Type.Object({ id: Type.Optional(Text), name: Type.Optional(Text) })

/** Lenient: clients leave out domains, and add members of older versions. */
export const V3Auth = Type.Object({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(Type.String(), { minItems: 1 }),
      password: Type.Optional(
        Type.Object({
          user: Type.Object({ id: Type.Optional(Text), name: Type.Optional(Text), password: Text }),
        }),
      ),
      token: Type.Optional(Type.Object({ id: Text })),
      application_credential: Type.Optional(
        Type.Object({ id: Type.Optional(Text), name: Type.Optional(Text), secret: Text }),
      ),
    }),
    scope: Type.Optional(Type.Union([Type.Object({ project: Type.Optional(Named) }), Type.String()])),
  }),
})

export const V2Auth = Type.Object({
  auth: Type.Object({
    passwordCredentials: Type.Optional(Type.Object({ username: Text, password: Text })),
    'RAX-KSKEY:apiKeyCredentials': Type.Optional(Type.Object({ username: Text, apiKey: Text })),
    token: Type.Optional(Type.Object({ id: Text })),
    tenantName: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    tenantId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  }),
})

/** Answers are what Keystone's clients read of them; the document leaves them open. */
export const Anything = Type.Record(Type.String(), Type.Unknown())

const DOMAIN = { id: 'default', name: 'Default' }

export function fromV3(scoped: Scoped, base: string) {
  const { caller, project, token } = scoped
  const tenant = tenantOf(project)
  return {
    token: {
      methods: token.methods,
      issued_at: microseconds(token.issuedAt),
      expires_at: microseconds(token.expiresAt),
      audit_ids: [token.id],
      user: { id: caller.operator.id, name: caller.operator.username, domain: DOMAIN },
      project: { id: tenant, name: tenant, domain: DOMAIN },
      is_domain: false,
      roles: rolesOf(scoped).map(name => ({ id: name, name })),
      catalog: v3Catalog(base, tenant),
    },
  }
}

export function fromV2(scoped: Scoped, base: string) {
  const { caller, project, token, text } = scoped
  const { id, username } = caller.operator
  const tenant = tenantOf(project)
  const roles = rolesOf(scoped).map(name => ({ name }))
  return {
    access: {
      token: {
        id: text,
        issued_at: microseconds(token.issuedAt).slice(0, -1),
        expires: momentOf(token.expiresAt).replace(/\.\d+Z$/, 'Z'),
        tenant: { id: tenant, name: tenant, enabled: true, description: null },
      },
      serviceCatalog: v2Catalog(base, tenant),
      user: { id, name: username, username, roles, roles_links: [] },
      metadata: { is_admin: isAdmin(scoped) ? 1 : 0, roles: [] },
    },
  }
}

/** `2026-01-01T00:00:00.000000Z`. */
const microseconds = (at: number): string => momentOf(at).replace('Z', '000Z')

type Request = Parameters<typeof baseOf>[0]
type Parts = Parameters<typeof baseOf>[1]

export const identityAt = (request: Request, parts: Parts): string => `${baseOf(request, parts)}/identity`

const UPDATED = '2026-01-01T00:00:00Z'
const MEDIA = 'application/vnd.openstack.identity'

export function v3Version(identity: string) {
  return versionDocument('v3.14', `${identity}/v3/`, `${MEDIA}-v3+json`)
}

export function v2Version(identity: string) {
  return versionDocument('v2.0', `${identity}/v2.0/`, `${MEDIA}-v2.0+json`)
}

function versionDocument(id: string, href: string, type: string) {
  return {
    id,
    status: 'stable',
    updated: UPDATED,
    links: [{ rel: 'self', href }],
    'media-types': [{ base: 'application/json', type }],
  }
}
