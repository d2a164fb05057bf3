import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { newSecret, Secret } from '../../src/domain/secret.ts'

test('a secret cannot be printed, logged or turned into JSON', () => {
  const secret = new Secret('open sesame')
  const shown = [
    `${secret}`,
    JSON.stringify({ secret }),
    inspect({ deep: { secret } }),
    String(secret),
    Object.values(secret).join(),
  ]
  for (const text of shown) expect(text).not.toContain('sesame')
  expect(secret.reveal()).toBe('open sesame')
})

test('a new secret has letters and digits alone, and no two are alike', () => {
  const many = Array.from({ length: 100 }, () => newSecret().reveal())
  expect(new Set(many).size).toBe(100)
  for (const text of many) expect(text).toMatch(/^[A-Za-z0-9]{24}$/)
})
