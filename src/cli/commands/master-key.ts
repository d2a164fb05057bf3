import type { Command } from 'commander'
import { createKeys } from '../../services/callers/keys.ts'
import type { Settings } from '../../settings/settings.ts'
import { storeOptions } from '../../settings/store.ts'
import { masterKeyState, type Rotated, rotateMasterKey } from '../../store/keeping/master-key/master-key.ts'
import { findLosses, type Losses, resetMasterKey } from '../../store/keeping/master-key/master-key-reset.ts'
import { type Resealed, reseal } from '../../store/keeping/master-key/reseal.ts'
import { answerOne } from '../answer.ts'
import { addStoreOptions, type OnStore, onStore } from '../on-store.ts'
import { numberText, progressOn } from '../progress.ts'
import { settledPlace } from '../settings/place.ts'

const AFTER_ROTATE = `
A running server goes on, and API keys and stored passwords stay as they are. master.key is replaced in one step and
keeps the older keys after the new one: backups that were made until now open with those. Where ROLECALL_MASTER_KEY
holds the ring, put a new key in front of it first; the command says how.`

const AFTER_RESEAL = `
For when somebody may have had the master key and a copy of the store together, and so the data keys: after rotate, seal
every value anew, so that those keys open nothing that is stored from now on. What was in that copy is known all the same:
change it. It is one transaction; stopped at any moment it has done nothing. No server may run meanwhile.`

const AFTER_RESET = `
For a store whose master key is lost. Projects, operators, connections, labels, operations and the audit stay; logins
on your servers are not touched. What only the lost key could open is lost: without --yes the command says what, and
does nothing. It ends every API key and makes a new one for the first operator. No server may run meanwhile.`

export function setUp(masterKey: Command): void {
  const rotate = addStoreOptions(masterKey.command('rotate').description('wrap what is sealed with a new master key'))
  rotate.addHelpText('after', AFTER_ROTATE).action(() => rotateOne(rotate))
  const show = addStoreOptions(masterKey.command('show').description('tell by fingerprints which keys are there'))
  show.action(() => showState(show))
  const anew = addStoreOptions(masterKey.command('reseal').description('seal every value anew, under a new data key'))
  anew.addHelpText('after', AFTER_RESEAL).action(() => resealAll(anew))
  const reset = addStoreOptions(masterKey.command('reset').description('go on without a master key that is lost'))
  reset
    .option('--yes', 'do it; without, only what would be lost is said')
    .addHelpText('after', AFTER_RESET)
    .action(({ yes }: { yes?: boolean }) => (yes ? resetOne(reset) : showLosses(reset)))
}

function placesOf(command: Command) {
  const { settings, place } = settledPlace(command)
  return { settings, place, key: storeOptions(settings, false).masterKey }
}

async function rotateOne(command: Command): Promise<void> {
  const { place, key } = placesOf(command)
  const rotated = await rotateMasterKey(place, key)
  // Opened anew, with the new key: what is said next was seen.
  await onStore(command, at => note(at, 'master-key.rotate', [`now ${rotated.now}`]))
  answerOne(command, rotated, wordsFor(rotated))
}

function wordsFor({ before, now, ring, file }: Rotated): string {
  const older = ring.slice(1).join(', ')
  const where = file ? `${file} holds it` : 'ROLECALL_MASTER_KEY holds it'
  return `The data keys are wrapped with master key ${now}; before, it was ${before.join(' and ')}.
${where}${older ? `, and after it ${older}, which older backups still need` : ''}. Copy it to where you keep the key apart.`
}

async function resealAll(command: Command): Promise<void> {
  const { place, key } = placesOf(command)
  const progress = progressOn()
  const resealed = await reseal(place, key, progress.tell).finally(() => progress.end())
  await onStore(command, at => note(at, 'master-key.reseal', [`data key ${resealed.dataKey}`]))
  answerOne(command, resealed, resealedWords(resealed))
}

function resealedWords({ dataKey, resealed, unreadable, dropped }: Resealed): string {
  const left = `\n${numberText(unreadable)} values can't be read, because their master key is not in the ring: they stay as they are.`
  const gone = dropped.length > 0 ? `; data key ${dropped.join(' and ')} is gone` : ''
  return `${numberText(resealed)} values are sealed with data key ${dataKey}${gone}.${unreadable > 0 ? left : ''}`
}

async function showState(command: Command): Promise<void> {
  const { place, key } = placesOf(command)
  const state = await masterKeyState(place, key)
  const words = `The store is wrapped with ${state.wrappedBy.join(' and ')}; the ring is ${state.ring.join(', ') || 'empty'}.
${state.opens ? 'It opens the store.' : 'It does not open the store.'}`
  answerOne(command, state, words)
}

async function showLosses(command: Command): Promise<void> {
  const { place, key } = placesOf(command)
  const losses = await findLosses(place, key)
  answerOne(command, { ...losses, done: false }, `${lossWords(losses)}\nNothing was done. To go on so: --yes`)
}

async function resetOne(command: Command): Promise<void> {
  const { settings, place, key } = placesOf(command)
  const losses = await resetMasterKey(place, key)
  await onStore(command, async at => {
    await note(at, 'master-key.reset', [`now ${losses.now}`])
    const made = await newKey(at)
    const words = `${lossWords(losses)}\n\nThe master key is now ${losses.now}${whereOf(settings)}. ${made.words}`
    answerOne(command, { ...losses, done: true, key: made.key }, words)
  })
}

const whereOf = ({ masterKey, data }: Settings) => (masterKey ? ', in ROLECALL_MASTER_KEY' : `, in ${data}/master.key`)

/** All keys are ended, so nobody could come in to make one. */
async function newKey({ store, caller }: OnStore) {
  const projectId = caller.operator.homeProjectId ?? (await store.read.projects.list({ limit: 1 })).items[0]?.id
  if (projectId === undefined) return { words: 'There is no project, so no API key was made.' }
  const { key, privateKey } = await createKeys(store).create(caller, projectId, {
    role: 'owner',
    description: 'after the reset',
  })
  const text = privateKey.reveal()
  const words = `A new API key of ${caller.operator.username}, shown this once and stored nowhere:

  ${text}        (public half: ${key.publicKey})

Type the passwords of the connections again: PATCH /rolecall/v1/connections/ID with {"password": "…"}.`
  return { words, key: { id: key.id, public: key.publicKey, private: text, project: projectId } }
}

function lossWords({ connections, apiKeys, storedPasswords, answers }: Losses): string {
  const names = connections.length > 0 ? `: ${connections.join(', ')}` : ''
  return `What only the lost master key can open:
  ${connections.length} connections, whose password has to be typed again${names}
  ${apiKeys} API keys, which end; new ones have to be made
  ${storedPasswords} stored passwords of logins (the logins keep working)
  ${answers} answers that nobody has fetched`
}

async function note({ store, caller }: OnStore, action: string, detail: readonly string[]): Promise<void> {
  await store.transaction(async tables => {
    const at = await tables.now()
    await tables.audit.add({
      at,
      action,
      detail,
      subject: 'the master key',
      operatorId: caller.operator.id,
      address: caller.address,
      dialect: caller.dialect,
      requestId: caller.requestId,
      outcome: 'done',
    })
  })
}
