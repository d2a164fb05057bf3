import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { at } from './place.js'
import { noRuntime, runtimes } from './runtime.js'

/** Compiled code is kept beside what it was compiled from, and as trusted as that. Where nobody may write, nothing is kept. */
const NODE_COMPILE_CACHE = at('dist', '.compiled')

/** Runs a script of ours under Node 24 in our place: same terminal, same signals, same end. */
export function goOn([script, ...args], left = runtimes()) {
  const [node, ...others] = left
  if (!node) return noRuntime()
  const child = spawn(node, [at(script), ...args], { stdio: 'inherit', env: { NODE_COMPILE_CACHE, ...process.env } })
  child.on('error', () => goOn([script, ...args], others))
  child.on('spawn', () => passSignals(child))
  child.on('exit', (code, signal) => process.exit(endOf(code, signal)))
}

export function endOf(code, signal) {
  return signal ? 128 + constants.signals[signal] : code
}

export function passSignals(child) {
  // A terminal gives Ctrl-C to the whole process group: the child has it already.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
}
