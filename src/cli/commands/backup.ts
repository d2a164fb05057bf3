import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { answerCopied, copying, keyWords } from '../copying.ts'
import { addStoreOptions } from '../on-store.ts'
import { settledPlace } from '../settings/place.ts'

const AFTER = `
The file is a SQLite database of mode 0600, the same for either kind of store; rolecall restore reads it. It is
complete as of the moment at which the command began, and never there in part. The master key is not in it: without
it nobody can read the passwords in the file, and neither can you. Keep a copy of the key apart.`

export function setUp(backup: Command): void {
  addStoreOptions(backup)
    .argument('<file>', 'where to; a name that is taken is refused')
    .option('--force', 'write over a file that is there')
    .addHelpText('after', AFTER)
    .action((file: string, { force }: { force?: boolean }) => backUp(backup, resolve(file), force))
}

async function backUp(command: Command, file: string, force: boolean | undefined): Promise<void> {
  const { place } = settledPlace(command)
  const copied = await copying(place, { file }, { force })
  const more = { file, bytes: statSync(file).size }
  answerCopied(
    command,
    copied,
    more,
    size =>
      `${file} holds ${size}. The key that opens its passwords, ${keyWords(copied)}, is not in it: keep that apart.`,
  )
}
