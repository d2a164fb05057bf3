import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '../../src/store/open.ts'
import { storeContract } from '../contract/store.ts'
import { aMasterKey } from './builders.ts'

storeContract('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-store-'))
  const masterKey = aMasterKey()
  return {
    open: () => openStore({ folder, masterKey, serve: false }),
    everything: async () =>
      readdirSync(folder)
        .map(name => readFileSync(join(folder, name), 'latin1'))
        .join('\n'),
    close: async () => rmSync(folder, { recursive: true }),
  }
})
