import { expect, it } from 'vitest'
import { newSecret } from '../../../src/domain/secret.ts'
import { aKey, aManagedServer, anOperation, aReplay, aTarget, aUserRecord, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

export function secrets(opened: Opened): void {
  it('keeps no secret that a reader of its bytes could find', async () => {
    const { store, under } = opened
    const known = Array.from({ length: 8 }, () => newSecret(20))
    const [credential, clientKey, recalled, changed, made, handed, replayed, privateHalf] = known
    const { project, operator, instance } = await aManagedServer(store, {
      credential: { kind: 'sealed', secret: credential! },
      tls: { mode: 'require', clientKey },
    })
    const user = { name: 'ada', settings: {}, engineRoles: [], grants: [] }
    const targets = [
      aTarget({ change: { kind: 'reset-user', key: { name: 'visible-marker' }, password: changed! } }),
      aTarget({ change: { kind: 'create-user', user, password: made! } }),
    ]
    const operation = anOperation({ targets })
    const settled = anOperation()
    const answer = { status: 201, headers: {}, body: replayed!.reveal() }
    await store.transaction(async tables => {
      await tables.keys.add(aKey(operator.id, project.id), privateHalf!)
      await tables.users.put(aUserRecord(instance.id, { password: recalled }))
      await tables.operations.begin(operation)
      await tables.operations.begin(settled)
      const held = { worker: settled.worker, attempt: 1 }
      await tables.operations.settle(settled.id, held, [{ password: handed }], [[]], NOON, NOON + 1)
      await tables.replays.add(aReplay({ answer }))
    })
    const bytes = await under.everything()
    expect(bytes).toContain('visible-marker')
    for (const secret of known) {
      for (const shape of shapesOf(secret.reveal())) expect(bytes.includes(shape), shape).toBe(false)
    }
  })
}

/** As it is, and as the usual encodings would write it. */
function shapesOf(text: string): string[] {
  return [text, ...(['base64', 'base64url', 'hex'] as const).map(encoding => Buffer.from(text).toString(encoding))]
}
