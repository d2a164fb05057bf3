import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import Sqlite from 'better-sqlite3'
import { describe, expect, it } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { openStore } from '../../src/store/open.ts'
import { MasterKey } from '../../src/store/sealing/master-key.ts'
import { Vault } from '../../src/store/sealing/vault.ts'
import { aManagedServer, anOperation, aUserRecord, NOON } from './builders.ts'

const aVault = (id = 'first') =>
  new Vault({ seal: [{ id, key: randomBytes(32) }], lookup: { id: 'lookup', key: randomBytes(32) } })

describe('a vault', () => {
  const place = ['connections', 'w93ad1', 'credential'] as const

  it('opens what it sealed, whatever that is', () => {
    const vault = aVault()
    for (const text of ['', 'secret', 'pä55 wörd 🗝', 'x'.repeat(100_000)]) {
      expect(vault.open(vault.seal(new Secret(text), place), place)?.reveal()).toBe(text)
    }
  })

  it('never seals twice alike', () => {
    const vault = aVault()
    expect(vault.seal(new Secret('same'), place)).not.toBe(vault.seal(new Secret('same'), place))
  })

  it('does not open what was moved to another row, column or table', () => {
    const vault = aVault()
    const sealed = vault.seal(new Secret('secret'), place)
    expect(vault.open(sealed, ['connections', 'other', 'credential'])).toBeUndefined()
    expect(vault.open(sealed, ['connections', 'w93ad1', 'tls_client_key'])).toBeUndefined()
    expect(vault.open(sealed, ['replays', 'w93ad1', 'credential'])).toBeUndefined()
  })

  it('does not open what was changed, cut or sealed by another', () => {
    const vault = aVault()
    const sealed = vault.seal(new Secret('secret'), place)
    const changed = sealed.replace(/.(?=.{5}$)/, one => (one === 'A' ? 'B' : 'A'))
    for (const text of [changed, sealed.slice(0, -8), 'first.', 'first', '', 'gone.AAAA']) {
      expect(vault.open(text, place), text).toBeUndefined()
    }
    expect(aVault().open(sealed, place)).toBeUndefined()
  })

  it('gives a stand-in for what it can not open, which throws only when it is used, and is written back as it was', () => {
    const vault = aVault()
    const sealed = aVault().seal(new Secret('secret'), place)
    const later = vault.openLater(sealed, place)
    expect(() => later.reveal()).toThrow(expect.objectContaining({ code: 'unavailable', subject: 'store' }))
    expect(vault.seal(later, place)).toBe(sealed)
    expect(inspect(later)).toBe('[secret]')
  })

  it('can not be printed, and neither can a master key', () => {
    const key = randomBytes(32)
    const shown = inspect([new MasterKey([key]), new Vault({ seal: [{ id: 'a', key }], lookup: { id: 'b', key } })], {
      depth: 9,
      showHidden: true,
    })
    expect(shown).not.toContain(inspect(key).slice(8, 40))
  })
})

describe('a store whose seals were broken', () => {
  it('still lists everything, and says what can not be read', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolecall-broken-'))
    const options = { folder, masterKey: { folder, env: {} }, serve: true }
    const before = await openStore(options)
    const { project, instance } = await aManagedServer(before, { tls: { mode: 'require', clientKey: new Secret('k') } })
    const operation = anOperation({ projectId: project.id })
    await before.transaction(async tables => {
      await tables.users.put(aUserRecord(instance.id, { password: new Secret('recalled') }))
      await tables.operations.begin(operation)
    })
    await before.close()
    breakSeals(join(folder, 'rolecall.db'))
    const store = await openStore(options)
    const [connection] = (await store.read.connections.list(project.id, { limit: 5 })).items
    expect(connection?.credential).toEqual({ kind: 'unreadable' })
    // Written back, it loses nothing that a restored key could open again.
    await store.transaction(tables => tables.connections.save({ ...connection!, name: 'Renamed' }))
    const record = await store.read.users.find(instance.id, aUserRecord(instance.id).key)
    expect(() => record?.password?.reveal()).toThrow('not in the ring')
    await store.transaction(tables => tables.users.put({ ...record!, labels: { a: 'b' } }))
    const claim = await store.transaction(tables => tables.operations.claim('two', NOON * 2, NOON * 3, 9))
    expect(claim.map(({ id }) => id)).toEqual([operation.id])
    await store.close()
    rmSync(folder, { recursive: true })
  })
})

/** As if they had been sealed under a data key that is gone. */
function breakSeals(path: string): void {
  const file = new Sqlite(path)
  file.exec("update connections set credential = 'gone.' || credential, tls_client_key = 'gone.' || tls_client_key")
  file.exec("update user_records set password = 'gone.' || password")
  file.exec("update operation_targets set password = 'gone.' || password")
  file.close()
}
