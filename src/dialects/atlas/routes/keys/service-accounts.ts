import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ApiKey } from '../../../../domain/callers/api-key.ts'
import { keyIdIn } from '../../../../services/callers/service-accounts/oauth.ts'
import { ref } from '../../../request.ts'
import type { AtlasHttp, AtlasParts } from '../../context.ts'
import { naming } from '../../refusals/faults.ts'
import { refusal } from '../../refusals/refusal.ts'
import { pageOf } from '../../requests/pages.ts'
import { Nothing } from '../../wire/common.ts'
import { Account, AccountList, AccountSecret, fromAccount, fromSecret, NewSecret } from '../../wire/service-accounts.ts'
import { type AccountPlace, inGroups, inOrg, type NewAccountBody } from './account-places.ts'

export const serviceAccountSchemas = [Account, AccountList, AccountSecret]

const tags = ['Service Accounts']
const versions = ['2024-08-05']

/** Keys that OAuth clients use by secrets of their own. */
export function serviceAccountRoutes(http: AtlasHttp, parts: AtlasParts): void {
  for (const place of [inGroups(parts), inOrg(parts)]) {
    accountRoutes(http, parts, place)
    secretRoutes(http, parts, place)
  }
}

function accountRoutes(http: AtlasHttp, parts: AtlasParts, place: AccountPlace): void {
  const { serviceAccounts } = parts.services
  const { kind, path, reading, writing } = place
  const params = Type.Object(place.params)
  const one = Type.Object({ ...place.params, clientId: Type.String() })

  http.get(
    path,
    {
      config: { versions, paged: true },
      onRequest: reading,
      schema: {
        operationId: `list${kind}ServiceAccounts`,
        tags,
        summary: 'Service accounts',
        params,
        response: { 200: ref(AccountList) },
      },
    },
    async request => {
      const all = await serviceAccounts.among(await place.keys(request))
      const inOrder = all.toSorted((first, second) => first.key.createdAt - second.key.createdAt)
      return pageOf(parts, request, inOrder, account => fromAccount(account, place.rolesOf(request, account.key)))
    },
  )

  http.post(
    path,
    {
      config: { versions },
      onRequest: writing,
      schema: {
        operationId: `create${kind}ServiceAccount`,
        tags,
        summary: 'Make one, with a secret that is told this once',
        params,
        body: place.newBody,
        response: { 201: ref(Account) },
      },
    },
    async (request, reply) => {
      const body = request.body as NewAccountBody
      const { also, made } = await serviceAccounts.prepare(body.name, body.secretExpiresAfterHours)
      const { key } = await place.create(request, body, also)
      const shown = await show(parts, place, request, key)
      return reply.code(201).send({ ...shown, secrets: [fromSecret(made.stored, made.secret)] })
    },
  )

  http.get(
    `${path}/:clientId`,
    {
      config: { versions },
      onRequest: reading,
      schema: {
        operationId: `get${kind}ServiceAccount`,
        tags,
        summary: 'One of them',
        params: one,
        response: { 200: ref(Account) },
      },
    },
    async request => show(parts, place, request, await accountAt(parts, place, request)),
  )

  http.patch(
    `${path}/:clientId`,
    {
      config: { versions },
      onRequest: writing,
      schema: {
        operationId: `update${kind}ServiceAccount`,
        tags,
        summary: 'Another name, description or role',
        params: one,
        body: place.changedBody,
        response: { 200: ref(Account) },
      },
    },
    async request => {
      const { name, description, roles } = request.body as Partial<NewAccountBody>
      let key = await accountAt(parts, place, request)
      if (roles) key = await place.setRoles(request, key, roles)
      if (description !== undefined) key = await parts.services.keyChanges.describe(request.caller, key, description)
      if (name !== undefined) await serviceAccounts.rename(request.caller, key, name)
      return show(parts, place, request, key)
    },
  )

  http.delete(
    `${path}/:clientId`,
    {
      config: { versions },
      onRequest: writing,
      schema: {
        operationId: `delete${kind}ServiceAccount`,
        tags,
        summary: 'End it, and every token that it has',
        params: one,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      await place.remove(request, await accountAt(parts, place, request))
      return reply.code(204).send()
    },
  )
}

function secretRoutes(http: AtlasHttp, parts: AtlasParts, place: AccountPlace): void {
  const { serviceAccounts } = parts.services
  const { kind, writing } = place
  const path = `${place.path}/:clientId/secrets`

  http.post(
    path,
    {
      config: { versions },
      onRequest: writing,
      schema: {
        operationId: `create${kind}ServiceAccountSecret`,
        tags,
        summary: 'One more secret, told this once',
        params: Type.Object({ ...place.params, clientId: Type.String() }),
        body: NewSecret,
        response: { 201: ref(AccountSecret) },
      },
    },
    async (request, reply) => {
      const key = await accountAt(parts, place, request)
      const made = await serviceAccounts.addSecret(request.caller, key, request.body.secretExpiresAfterHours)
      return reply.code(201).send(fromSecret(made.stored, made.secret))
    },
  )

  http.delete(
    `${path}/:secretId`,
    {
      config: { versions },
      onRequest: writing,
      schema: {
        operationId: `delete${kind}ServiceAccountSecret`,
        tags,
        summary: 'End a secret; the last one stays',
        params: Type.Object({ ...place.params, clientId: Type.String(), secretId: Type.String() }),
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { secretId } = request.params as { readonly secretId: string }
      const key = await accountAt(parts, place, request)
      await serviceAccounts.removeSecret(request.caller, key, secretId).catch(
        naming({
          not_found: ['SERVICE_ACCOUNT_SECRET_NOT_FOUND', secretId],
          conflict: ['CANNOT_DELETE_LAST_SERVICE_ACCOUNT_SECRET'],
        }),
      )
      return reply.code(204).send()
    },
  )
}

async function accountAt({ services }: AtlasParts, place: AccountPlace, request: FastifyRequest): Promise<ApiKey> {
  const { clientId } = request.params as { readonly clientId: string }
  const id = keyIdIn(clientId)
  const key = (await place.keys(request)).find(one => one.id === id)
  if (!key) throw refusal('SERVICE_ACCOUNT_NOT_FOUND', clientId)
  await services.serviceAccounts.of(key).catch(naming({ not_found: ['SERVICE_ACCOUNT_NOT_FOUND', clientId] }))
  return key
}

async function show({ services }: AtlasParts, place: AccountPlace, request: FastifyRequest, key: ApiKey) {
  return fromAccount(await services.serviceAccounts.of(key), place.rolesOf(request, key))
}
