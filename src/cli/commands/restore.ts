import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { Copied } from '../../store/keeping/copy.ts'
import { placeText, type StorePlace } from '../../store/keeping/place.ts'
import { answerCopied, copying, keyWords } from '../copying.ts'
import { Problem } from '../exit-codes.ts'
import { addStoreOptions } from '../on-store.ts'
import { flagsOf } from '../settings/options.ts'
import { settledPlace } from '../settings/place.ts'

const AFTER = `
Goes into the data folder, or into the PostgreSQL of --store or ROLECALL_STORE, whichever kind of store the backup
was made of. No server may run on it. The tables are brought to the schema of this release. The master key is not in
a backup: put the one that it was sealed with into the folder, or into ROLECALL_MASTER_KEY, before the start.
Operations that were open at the time of the backup are taken up again, and compared with what the servers show.`

export function setUp(restore: Command): void {
  addStoreOptions(restore)
    .argument('<file>', 'what rolecall backup wrote')
    .option('--force', 'replace the store that is there: a folder keeps the earlier file beside, a PostgreSQL does not')
    .addHelpText('after', AFTER)
    .action((file: string, { force }: { force?: boolean }) => restoreFrom(restore, resolve(file), force))
}

async function restoreFrom(command: Command, file: string, force: boolean | undefined): Promise<void> {
  checkOnePlace(command)
  const { settings, place } = settledPlace(command)
  const copied = await copying({ file }, place, { force })
  answerCopied(command, copied, { file }, size => wordsFor(place, size, copied, settings.data))
}

function wordsFor(place: StorePlace, size: string, copied: Copied, folder: string): string {
  const kept = copied.replaced ? `\nThe store that was there before is now ${copied.replaced}.` : ''
  const key = `It opens with ${keyWords(copied)}, in ${folder}/master.key or ROLECALL_MASTER_KEY.`
  return `${placeText(place)} now holds ${size}.${kept}\n${key} rolecall serve starts it.`
}

/** A folder on the command line and a PostgreSQL in the environment: whichever was meant, the other must not be overwritten. */
function checkOnePlace(command: Command): void {
  const flags = flagsOf(command)
  if (!flags['--data'] || flags['--store'] || !process.env.ROLECALL_STORE) return
  throw new Problem(
    'usage',
    '--data names a folder, and ROLECALL_STORE a PostgreSQL.',
    'Say --store to restore into the PostgreSQL, or unset ROLECALL_STORE to restore into the folder.',
  )
}
