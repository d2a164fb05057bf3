import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { expect } from 'vitest'
import { logsIn } from './logins.ts'
import { pick } from './random.ts'
import type { TestServer } from './servers.ts'
import type { Founded, Got, Sent } from './serving.ts'

/** Callers that each have one login of their own, ask for one change of it after another, and remember what they were told. */
export interface Lanes {
  readonly names: readonly string[]
  /** What the lane asks for next. */
  next(name: string, random: () => number): Sent
  /** An answer that came. */
  heard(answer: Got): void
  /** Waits until no operation is open. */
  allEnded(): Promise<void>
  /** The server has what the ledger says of each login, and its newest password is in somebody's hands: its caller's, or waiting for it. */
  check(): Promise<void>
  operations(): Promise<readonly LaneOperation[]>
}

export interface LaneOperation {
  readonly id: string
  readonly kind: string
  readonly state: string
  readonly attempts: number
  readonly targets: readonly { readonly subject: string }[]
}

export interface LaneWish {
  readonly names: readonly string[]
  readonly server: TestServer
  readonly engine: pg.Client
  readonly home: Founded
  readonly instance: string
  /** What is granted on. */
  readonly database: string
  readonly ask: (sent: Sent) => Promise<Got>
}

export function createLanes({ names, server, engine, home, instance, database, ask }: LaneWish): Lanes {
  const users = `/instances/${instance}/users`
  const list = `/projects/${home.project}/operations`
  /** What reached its caller, by operation. */
  const passwords = new Map<string, string>()

  function next(name: string, random: () => number): Sent {
    const grant = { role: 'readwrite', database }
    return pick<Sent>(random, [
      { method: 'POST', url: users, body: { name } },
      { method: 'POST', url: users, body: { name, grants: [grant] } },
      { method: 'POST', url: `${users}/${name}/reset`, body: {} },
      { method: 'POST', url: `${users}/${name}/lock` },
      { method: 'POST', url: `${users}/${name}/unlock` },
      { method: 'PATCH', url: `${users}/${name}/grants`, body: { add: [grant] } },
      { method: 'DELETE', url: `${users}/${name}` },
    ])
  }

  function heard({ body }: Got): void {
    if (body?.password) passwords.set(body.operation, body.password)
  }

  /** Newest first. */
  async function operations(): Promise<readonly LaneOperation[]> {
    const all: LaneOperation[] = []
    for (let url: string | undefined = `${list}?limit=1000`; url; ) {
      const { body } = await ask({ method: 'GET', url })
      all.push(...body.items)
      url = body.next?.replace('/rolecall/v1', '')
    }
    return all
  }

  async function allEnded(): Promise<void> {
    for (const end = Date.now() + 15_000; Date.now() < end; await sleep(20)) {
      const { body } = await ask({ method: 'GET', url: `${list}?state=open` })
      if (body.items.length === 0) return
    }
    throw new Error('operations are still open after 15 s')
  }

  async function check(): Promise<void> {
    const settled = (await operations()).filter(({ state }) => state === 'settled')
    for (const name of names)
      await checkLane(
        name,
        settled.filter(one => one.targets[0]?.subject === name),
      )
  }

  async function checkLane(name: string, mine: readonly LaneOperation[]): Promise<void> {
    const { rows } = await engine.query('select rolcanlogin as open from pg_roles where rolname = $1', [name])
    const [last] = mine
    if (!last) return expect(rows, name).toEqual([])
    expect(rows, `${name} after ${last.kind}`).toHaveLength(last.kind === 'drop-user' ? 0 : 1)
    if (rows.length === 0) return
    const lock = mine.find(({ kind }) => ['lock-user', 'unlock-user', 'create-user'].includes(kind))
    expect(rows[0].open, `${name} after ${lock?.kind}`).toBe(lock?.kind !== 'lock-user')
    if (!rows[0].open) return
    const { id } = mine.find(({ kind }) => ['create-user', 'reset-user'].includes(kind))!
    expect(await logsIn(server, name, await passwordOf(id)), `${name} by ${id}`).toBe(true)
  }

  async function passwordOf(id: string): Promise<string> {
    const known = passwords.get(id)
    if (known) return known
    const answer = await ask({ method: 'GET', url: `${list}/${id}/answer` })
    if (!answer.body?.password) throw new Error(`Nobody has the password of ${id}: ${answer.text}`)
    heard(answer)
    passwords.set(id, answer.body.password)
    return answer.body.password
  }

  return { names, next, heard, allEnded, check, operations }
}
