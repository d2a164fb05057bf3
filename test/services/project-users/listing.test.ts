import { describe, expect, test } from 'vitest'
import { Fault } from '../../../src/domain/fault.ts'
import { type UserIdentity, userKeyFrom } from '../../../src/domain/users/user.ts'
import { type Logins, projectOrder } from '../../../src/services/project-users/listing/logins.ts'
import { mergeLogins } from '../../../src/services/project-users/listing/merge.ts'
import { createWindow } from '../../../src/services/project-users/listing/window.ts'
import type { Cluster } from '../../../src/services/project-users/project-user.ts'

const login = (text: string): UserIdentity => {
  const at = text.indexOf('.')
  return { authDatabase: text.slice(0, at), name: text.slice(at + 1) }
}

test('logins are in the order of databases, then of code points, as their servers have them', () => {
  const texts = [
    '$external.z',
    'admin.',
    'admin. ',
    'admin.a',
    'admin.a b',
    'admin.a"',
    'admin.aa',
    'admin.\uffff',
    'admin.🐘',
  ]
  const all = texts.map(login)
  expect(all.toReversed().toSorted(projectOrder)).toEqual(all)
})

describe('a merge', () => {
  const cluster = (id: string) => ({ instance: { id }, name: id }) as Cluster

  /** Gives what it has in pieces of those sizes, and then fails if it is to. */
  const logins = (id: string, pieces: readonly (readonly string[])[], fails?: Error): Logins => ({
    cluster: cluster(id),
    async *identities() {
      for (const piece of pieces) yield piece.map(text => ({ ...login(`admin.${text}`), incarnation: `${id} ${text}` }))
      if (fails) throw fails
    },
    rows: async () => new Map(),
  })

  async function told(...all: readonly Logins[]) {
    const lines: string[] = []
    const failed = await mergeLogins(all, (key, places) => {
      const on = [...places].map(([id, { incarnation }]) => `${id}:${incarnation}`)
      lines.push(`${userKeyFrom(key).name} ${on.join(' ')}`)
    })
    return { lines, failed: failed.map(({ name }) => name) }
  }

  test('tells every key once, with all its places, however the pieces are cut', async () => {
    const [one, other] = [logins('1', [['a'], [], ['c', 'd', 'f'], []]), logins('2', [['b', 'c'], ['e', 'f'], ['g']])]
    expect(await told(one, logins('3', []), other)).toEqual({
      lines: ['a 1:1 a', 'b 2:2 b', 'c 1:1 c 2:2 c', 'd 1:1 d', 'e 2:2 e', 'f 1:1 f 2:2 f', 'g 2:2 g'],
      failed: [],
    })
  })

  test('names every server that failed, also one that did so in the middle', async () => {
    const away = new Fault('unavailable', 'server', 'away')
    const all = [logins('1', [['a', 'b']]), logins('2', [['b'], ['c']], away), logins('3', [], away)]
    expect((await told(...all)).failed).toEqual(['3'])
    expect((await told(...all.slice(0, 2))).failed).toEqual(['2'])
  })

  test('takes a mistake of its own for no server that is away', async () => {
    await expect(told(logins('1', [['a']], new TypeError('a mistake')))).rejects.toThrow('a mistake')
  })

  test('holds one piece of a server, and asks for one more, however many there are', async () => {
    let given = 0
    const most: number[] = []
    const endless: Logins = {
      ...logins('1', []),
      async *identities() {
        for (let n = 0; n < 50; n++) {
          given++
          yield [{ authDatabase: 'admin', name: String(n).padStart(2, '0') }]
        }
      },
    }
    let count = 0
    await mergeLogins([endless], () => most.push(given - ++count))
    expect(count).toBe(50)
    expect(Math.max(...most)).toBeLessThanOrEqual(1)
  })
})

test('a window keeps of all keys those that a page may hold, wherever it turns out to begin', () => {
  const keys = Array.from({ length: 30 }, (_, n) => `key ${n}`)
  for (const mostBefore of [0, 3, 12])
    for (const limit of [1, 5, 40])
      for (const skip of [0, 1, 2, 5, 11, 12, 13, 29, 41, 42, 100]) {
        const window = createWindow({ skip, limit }, mostBefore)
        for (const key of keys) window.add(key)
        expect(window.count).toBe(30)
        for (let before = 0; before <= mostBefore; before++) {
          const whole = [...Array<undefined>(before).fill(undefined), ...keys]
          const wanted = whole.slice(skip, skip + limit).filter(key => key !== undefined)
          expect(window.after(before), `${skip} ${limit} ${before}`).toEqual(wanted)
        }
      }
})
