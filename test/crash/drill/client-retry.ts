import { expect } from 'vitest'
import { logsIn } from '../../support/logins.ts'
import { type Ground, OLD_PASSWORD, type Scene } from '../scenes/scene.ts'
import { type Aftermath, operationsOf } from './aftermath.ts'
import type { AfterRestart, Asked, Ran } from './drill.ts'

type Answer = Pick<Asked, 'status' | 'text'>

/**
 * What a client does that repeats by itself: it asks again, word for word, where the kill cut it off, and is done where it was answered.
 * One change has come of it all, and its answer is true: there is one such thing, or none, and the password in it is the one that logs in. Answers it in words.
 */
export async function repeatAsClient(
  ground: Ground,
  scene: Scene,
  name: string,
  { found }: Aftermath,
  after: AfterRestart,
  answered: Ran['answer'],
): Promise<string> {
  const last = answered ?? (await after.ask(scene.request(name)))
  const isDrop = scene.kind!.startsWith('drop-')
  // What is gone already can't be deleted again; everything else gets the outcome of the attempt that was cut off.
  const isGone = !answered && isDrop && found === 'settled'
  expect(last.status, last.text).toBe(isGone ? scene.repeated : scene.first)
  const operations = await operationsOf(ground.template, scene, after)
  expect(operations.filter(({ state }) => state === 'settled')).toHaveLength(1)
  await checkTrue(ground, scene, name, last)
  await checkNew(ground, scene, name, last, await after.ask(scene.request(name)), answered)
  const what = scene.password ? `${last.status}, its password logs in` : `${last.status}`
  return answered ? `not sent: the answer had come, ${what}` : what
}

async function checkTrue({ server, sight }: Ground, { kind, password }: Scene, name: string, answer: Answer) {
  const there = kind!.startsWith('drop-') ? 0 : 1
  expect(await (kind!.endsWith('-user') ? sight.roles(name) : sight.databases(name))).toBe(there)
  if (kind!.endsWith('-user')) expect(await logsIn(server, name, OLD_PASSWORD)).toBe(false)
  if (password) expect(await logsIn(server, name, passwordIn(answer))).toBe(true)
}

/** Who has the outcome asks anew: a taken name, another password, or nobody of the name. */
async function checkNew(
  { server }: Ground,
  scene: Scene,
  name: string,
  last: Answer,
  next: Answer,
  answered: Ran['answer'],
): Promise<void> {
  // Killed before it was written down that the answer had been taken: it is handed over once more.
  const isSame = answered !== undefined && next.status === scene.first && next.text === last.text
  if (!isSame) expect(next.status, next.text).toBe(scene.repeated)
  if (!scene.password || next.status >= 300) return
  expect(passwordIn(next) === passwordIn(last)).toBe(isSame)
  expect(await logsIn(server, name, passwordIn(next))).toBe(true)
}

function passwordIn({ text }: Answer): string {
  return JSON.parse(text).user.password
}
