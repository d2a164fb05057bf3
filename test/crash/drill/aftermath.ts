import { expect } from 'vitest'
import { logsIn } from '../../support/logins.ts'
import type { TestServer } from '../../support/servers.ts'
import { type Found, type Ground, OLD_PASSWORD, type Scene } from '../scenes/scene.ts'
import type { AfterRestart, Asked, Template } from './drill.ts'

export interface Operation {
  readonly id: string
  readonly state: string
  readonly kind: string
  readonly answer: string
}

/** What is looked at after a kill and a restart, for every kind of change. */
export interface Aftermath {
  readonly found: Found
  readonly operation?: Operation
}

/** What the ledger has of the change; for one of the store alone, what the store shows. */
export async function lookAt(
  { template }: Ground,
  scene: Scene,
  name: string,
  after: AfterRestart,
): Promise<Aftermath> {
  if (scene.done) return { found: (await scene.done(name, after)) ? 'settled' : 'nothing' }
  const [operation] = await operationsOf(template, scene, after)
  if (!operation) return { found: 'nothing' }
  expect(['settled', 'undone']).toContain(operation.state)
  return { found: operation.state as Found, operation }
}

export async function operationsOf(
  { project }: Template,
  { kind }: Scene,
  { ask }: AfterRestart,
): Promise<readonly Operation[]> {
  const { items } = await ask({ method: 'GET', url: `/projects/${project}/operations` })
  return (items as Operation[]).filter(operation => operation.kind === kind)
}

/** Nothing is half-done: neither where it is looked for, nor in what carries the operation's id. */
export async function checkWhole(
  { sight }: Ground,
  scene: Scene,
  name: string,
  { found, operation }: Aftermath,
  after: AfterRestart,
): Promise<void> {
  await scene.check(name, found, after)
  const isGone = found === 'undone' || scene.kind?.startsWith('drop-')
  if (operation && isGone) expect(await sight.leftBy(operation.id)).toEqual([])
}

/** The answer that the killed process did not hand over waits for its caller, once. */
export async function checkAnswer(
  { server, template }: Ground,
  name: string,
  { operation }: Aftermath,
  after: AfterRestart,
) {
  if (operation?.state !== 'settled' || operation.answer === 'delivered') return
  const request = { method: 'GET', url: `/projects/${template.project}/operations/${operation.id}/answer` } as const
  const taken = await after.ask(request)
  expect(taken.status).toBe(200)
  expect(await logsIn(server, name, taken.password as string)).toBe(true)
  expect((await after.ask(request)).status).toBe(404)
}

/** The same request again is a new one: exactly what its contract says of a thing that is there, or isn't. Answers it in words. */
export async function repeatPlain(
  { server }: Ground,
  scene: Scene,
  name: string,
  { found }: Aftermath,
  after: AfterRestart,
) {
  const again = await after.ask(scene.request(name))
  const wanted = found === 'settled' ? scene.repeated : scene.first
  const [status, fault] = typeof wanted === 'number' ? [wanted] : wanted
  expect(again.status, again.text).toBe(status)
  if (fault) expect(again.type).toBe(`urn:rolecall:fault:${fault}`)
  if (scene.password && !fault) await expectNewPassword(server, name, again)
  return fault ? `${status} ${fault}` : scene.password ? `${status}, a new password that logs in` : `${status}`
}

async function expectNewPassword(server: TestServer, name: string, answer: Asked): Promise<void> {
  expect(await logsIn(server, name, answer.password as string)).toBe(true)
  expect(await logsIn(server, name, OLD_PASSWORD)).toBe(false)
}

/** With its Idempotency-Key it gets the first outcome, as often as it likes, and nothing is done twice. */
export async function repeatKeyed(ground: Ground, scene: Scene, name: string, was: Aftermath, after: AfterRestart) {
  const again = await after.ask(keyed(scene, name))
  expect(again.status, again.text).toBe(scene.first)
  expect(again.headers['idempotency-replayed']).toBe(was.found === 'settled' ? 'true' : undefined)
  if (was.found === 'settled' && was.operation) expect(again.operation).toBe(was.operation.id)
  if (scene.password) expect(await logsIn(ground.server, name, again.password as string)).toBe(true)
  expect((await after.ask(keyed(scene, name))).text).toBe(again.text)
  const operations = await operationsOf(ground.template, scene, after)
  expect(operations.filter(({ state }) => state === 'settled')).toHaveLength(scene.kind ? 1 : 0)
  return `${again.status}${was.found === 'settled' ? ', the first outcome' : ''}${scene.password ? ', its password logs in' : ''}`
}

export function keyed(scene: Scene, name: string) {
  return { ...scene.request(name), key: `drill ${name}` }
}
