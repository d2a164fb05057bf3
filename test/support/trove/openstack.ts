import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lineCalls } from '../clients/line-calls.ts'
import { pythonWith } from '../clients/python.ts'
import { Refusal } from './driver.ts'

/** The command `openstack database …`. */
export interface Openstack extends AsyncDisposable {
  /** One that says nothing. */
  run(...words: readonly string[]): Promise<void>
  /** What one says, asked for as JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: each says something else.
  ask(...words: readonly string[]): Promise<any>
}

export interface OpenstackWish {
  readonly origin: string
  readonly project: string
  readonly username: string
  readonly password: string
}

interface Outcome {
  readonly status: number
  readonly said: string
  readonly complained: string
}

const BRIDGE = fileURLToPath(new URL('openstack-bridge.py', import.meta.url))

/** Each call asks for a token of its own, as each command does; that Python starts once for all of them saves seconds a call. */
export async function openstack({ origin, project, username, password }: OpenstackWish): Promise<Openstack> {
  // Nobody's own configuration counts.
  const home = mkdtempSync(join(tmpdir(), 'rolecall-openstack-'))
  const domain = { OS_USER_DOMAIN_ID: 'default', OS_PROJECT_DOMAIN_ID: 'default' }
  const who = { OS_USERNAME: username, OS_PASSWORD: password, OS_PROJECT_NAME: project, ...domain }
  const where = { OS_AUTH_URL: `${origin}/identity`, OS_IDENTITY_API_VERSION: '3', OS_REGION_NAME: 'RegionOne' }
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', HOME: home, ...who, ...where }
  const bridge = lineCalls(spawn(pythonWith('trove'), [BRIDGE], { env, stdio: ['pipe', 'pipe', 'pipe'] }), 'openstack')

  async function saidTo(...words: readonly string[]): Promise<string> {
    const { status, said, complained } = (await bridge.ask({ words: ['database', ...words] })) as Outcome
    if (status !== 0) throw refusal(complained)
    return said
  }
  return {
    run: async (...words) => void (await saidTo(...words)),
    ask: async (...words) => JSON.parse(await saidTo(...words, '-f', 'json')),
    async [Symbol.asyncDispose]() {
      await bridge.end()
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** It ends its words with the status and the request's id, where the server said them. */
function refusal(words: string): Refusal {
  const [, message, status] = /^(.*) \(HTTP (\d+)\)/m.exec(words) ?? []
  return new Refusal(message ?? words.trim(), status === undefined ? undefined : Number(status))
}
