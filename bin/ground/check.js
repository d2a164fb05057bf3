import { spawn } from 'node:child_process'
import { at } from './place.js'
import { noRuntime, runtimes } from './runtime.js'

const CHECKS = [
  {
    name: 'format and lint',
    run: ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '--no-errors-on-unmatched'],
    remedy: 'npm run format mends most of it',
  },
  { name: 'types', run: ['typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'], remedy: 'see the lines above' },
  { name: 'unused code', run: ['knip/bin/knip.js', '--no-progress'], remedy: 'remove it, or say why in knip.json' },
  {
    name: 'import direction',
    run: ['vitest/vitest.mjs', 'run', 'test/house', '--reporter=dot'],
    remedy: 'STYLE.md, "The house", says who may import whom',
  },
]

/** Runs all checks side by side; the words of those that fail come one after another. */
export async function check() {
  const [node] = runtimes()
  if (!node) noRuntime()
  const ends = await Promise.all(CHECKS.map(one => end(node, one)))
  for (const { name, words, remedy } of ends.filter(({ fine }) => !fine)) {
    console.error(`\n── ${name} ──\n${words.trim()}\n→ ${remedy}`)
  }
  for (const { name, fine, seconds } of ends) console.error(`${fine ? '✓' : '✗'} ${name} (${seconds} s)`)
  return ends.every(({ fine }) => fine)
}

function end(node, { name, run: [script, ...args], remedy }) {
  const began = Date.now()
  return new Promise(resolve => {
    // A report of the crash drill is wanted of the run after this one: no drill is run here.
    const env = { ...process.env, ROLECALL_DRILL_REPORT: '' }
    const how = { cwd: at(), env, stdio: ['ignore', 'pipe', 'pipe'] }
    const child = spawn(node, [at('node_modules', script), ...args], how)
    const parts = []
    child.stdout.on('data', part => parts.push(part))
    child.stderr.on('data', part => parts.push(part))
    child.on('close', code => {
      const seconds = ((Date.now() - began) / 1000).toFixed(1)
      resolve({ name, remedy, fine: code === 0, words: Buffer.concat(parts).toString(), seconds })
    })
  })
}
