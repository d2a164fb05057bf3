import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { oneAtATime } from './one-at-a-time.js'
import { at } from './place.js'
import { noRuntime, runtimes } from './runtime.js'
import { EXIT, giveUp, say } from './words.js'

const stamp = at('dist', '.stamp')

/** Builds dist/ when something in src/ changed since. An installed package brings dist/ and no src/: nothing to do. */
export async function buildIfNeeded() {
  if (!existsSync(at('src')) || isBuilt()) return
  await oneAtATime('build', () => {
    if (!isBuilt()) build()
  })
}

function isBuilt() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint()
}

/** Names, sizes and times say enough, and 400 of them are read in a few milliseconds. */
function fingerprint() {
  const hash = createHash('sha256')
  const files = [at('bin', 'ground', 'bundle.js'), at('package.json'), at('package-lock.json'), ...filesIn(at('src'))]
  for (const file of files) {
    const { size, mtimeMs } = statSync(file)
    hash.update(`${file} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex')
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath ?? entry.path, entry.name))
    .sort()
}

function build() {
  say('building…')
  const before = fingerprint()
  const [node] = runtimes()
  if (!node) noRuntime()
  const { status, stdout, stderr } = spawnSync(node, [at('bin', 'ground', 'bundle.js')], {
    cwd: at(),
    encoding: 'utf8',
  })
  if (status !== 0) failed(`${stdout ?? ''}${stderr ?? ''}`)
  removeLeftovers()
  writeFileSync(stamp, before)
}

/** Longer than a build takes. */
const SLACK_MS = 60_000

/** What the build before left stays: a Rolecall that runs may not have imported all of it yet. Older files go. */
function removeLeftovers() {
  if (!existsSync(stamp)) return
  const { mtimeMs: builtBefore } = statSync(stamp)
  for (const file of filesIn(at('dist'))) {
    if (statSync(file).mtimeMs < builtBefore - SLACK_MS) rmSync(file)
  }
}

function failed(words) {
  process.stderr.write(words)
  giveUp(
    EXIT.buildFailed,
    'the build failed; the compiler says why above.',
    'Is src/ as it was committed? `git status` tells.',
  )
}
