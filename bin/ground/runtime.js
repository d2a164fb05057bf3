import { existsSync } from 'node:fs'
import { at } from './place.js'
import { EXIT, giveUp } from './words.js'

const OLDEST = [24, 11]

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

/** Nodes that Rolecall runs on, best first: the one pinned in package.json (its binary may not start here, on musl), then ours. */
export function runtimes() {
  const pinned = at('node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node')
  const found = existsSync(pinned) ? [pinned] : []
  return isNewEnough(process.versions.node) ? [...found, process.execPath] : found
}

export function noRuntime() {
  giveUp(
    EXIT.wrongNode,
    `Rolecall needs Node ${OLDEST.join('.')} or newer; this is ${process.versions.node}, and there is no Node among the installed packages for ${process.platform}-${process.arch} that starts here.`,
    'Install Node 24 (https://nodejs.org/en/download), then run this again.',
  )
}
