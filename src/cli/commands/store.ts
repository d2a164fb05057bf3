import type { Command } from 'commander'
import { isInUse } from '../../store/keeping/copy.ts'
import { placeText } from '../../store/keeping/place.ts'
import { answerCopied, copying, keyWords } from '../copying.ts'
import { placeFrom } from '../settings/place.ts'

const PLACES = 'data folder, postgres:// address, or env:NAME of a variable that holds the address'

const AFTER = `
All tables go over in one transaction, as they are at one moment; the source stays as it is. A server may run on the
source, but what it writes afterwards is not in the copy: to move, stop it, copy, and start it on the new store.
A copy is the same installation: never let servers run on both. The master key goes with neither: both need the same.`

export function setUp(store: Command): void {
  const copy = store.command('copy').description('copy everything into an empty store of either kind')
  copy
    .requiredOption('--from <place>', PLACES)
    .requiredOption('--to <place>', 'the same; it has to be empty')
    .option('--json', 'answer in JSON, for programs')
    .addHelpText('after', AFTER)
    .action((options: { from: string; to: string }) => copyOne(copy, options))
}

async function copyOne(command: Command, options: { readonly from: string; readonly to: string }): Promise<void> {
  const [from, to] = [placeFrom(options.from), placeFrom(options.to)]
  const copied = await copying(from, to)
  const sourceInUse = await isInUse(from)
  const late = sourceInUse ? '\nA server runs on the source: what it has written meanwhile is not in the copy.' : ''
  answerCopied(
    command,
    copied,
    { sourceInUse },
    size => `${placeText(to)} now holds ${size}.${late}\nIt opens with ${keyWords(copied)}, as the source does.`,
  )
}
