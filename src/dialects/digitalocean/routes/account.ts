import { Type } from 'typebox'
import type { Caller } from '../../../domain/callers/caller.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { hereWith } from '../subject.ts'
import { refusals } from '../wire/errors.ts'

const AccountAnswer = Type.Object({
  account: Type.Object({
    uuid: Type.String(),
    email: Type.String({ description: 'The username, where no address is known' }),
    name: Type.String(),
    email_verified: Type.Boolean(),
    status: Type.Literal('active'),
    status_message: Type.String(),
    droplet_limit: Type.Integer(),
    floating_ip_limit: Type.Integer(),
  }),
})

/** Whose token it is: clients ask before anything else. */
export function accountRoutes(http: DigitalOceanHttp): void {
  http.get(
    '/account',
    {
      schema: {
        operationId: 'account_get',
        tags: ['Account'],
        summary: 'Whose token it is',
        response: { 200: AccountAnswer, ...refusals(400) },
      },
      onRequest: hereWith('account'),
    },
    async ({ caller }) => ({ account: fromOperator(caller) }),
  )
}

/** Nobody has droplets here. */
function fromOperator({ operator }: Caller) {
  const { id, username, email, name } = operator
  return {
    uuid: id,
    email: email ?? username,
    name: name ?? username,
    email_verified: false,
    status: 'active',
    status_message: '',
    droplet_limit: 0,
    floating_ip_limit: 0,
  }
}
