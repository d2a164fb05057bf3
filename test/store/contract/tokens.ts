import { describe, expect, it } from 'vitest'
import { newKeyId } from '../../../src/domain/id.ts'
import { newSecret } from '../../../src/domain/secret.ts'
import { aKey, anOperator, aProject, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

export function tokens(opened: Opened): void {
  describe('tokens', () => {
    async function aToken(own: { readonly expiresAt?: number } = {}) {
      const { store } = opened
      const [operator, project] = [anOperator(), aProject()]
      const key = aKey(operator.id, project.id)
      const times = { issuedAt: NOON, expiresAt: NOON + 60_000, ...own }
      const token = { id: newKeyId(), keyId: key.id, projectId: project.id, methods: ['password', 'token'], ...times }
      const secret = newSecret(48)
      await store.transaction(async tables => {
        await tables.operators.add(operator)
        await tables.projects.add(project)
        await tables.keys.add(key, newSecret(40))
        await tables.tokens.add(token, secret)
      })
      return { token, secret, project }
    }

    it('finds one by its text, which is kept nowhere', async () => {
      const { store, under } = opened
      const { token, secret } = await aToken()
      expect(await store.read.tokens.find(secret)).toStrictEqual(token)
      expect(await store.read.tokens.find(newSecret(48))).toBeUndefined()
      expect(await under.everything()).not.toContain(secret.reveal())
    })

    it('is seen by another process at once, and gone for it at once', async () => {
      const { store, under } = opened
      const other = await under.open()
      const { token, secret } = await aToken()
      expect(await other.read.tokens.find(secret)).toStrictEqual(token)
      await store.transaction(tables => tables.tokens.remove(token.id))
      expect(await other.read.tokens.find(secret)).toBeUndefined()
      await other.close()
    })

    it('sweeps those whose time is over, and no others', async () => {
      const { store } = opened
      const [over, good] = [await aToken({ expiresAt: NOON - 1 }), await aToken({ expiresAt: NOON + 1 })]
      await store.transaction(tables => tables.tokens.sweep(NOON))
      expect(await store.read.tokens.find(over.secret)).toBeUndefined()
      expect(await store.read.tokens.find(good.secret)).toStrictEqual(good.token)
    })

    it('goes with its project', async () => {
      const { store } = opened
      const { secret, project } = await aToken()
      await store.transaction(tables => tables.projects.remove(project.id))
      expect(await store.read.tokens.find(secret)).toBeUndefined()
    })
  })
}
