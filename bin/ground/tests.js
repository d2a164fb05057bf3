import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endOf, passSignals } from './go-on.js'
import { at } from './place.js'
import { runtimes } from './runtime.js'

/** Runs vitest, then ends with one plain line that a machine can read; answers vitest's own exit code. */
export async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-tests-'))
  const report = join(folder, 'report.json')
  await node([at('test', 'support', 'mariadb', 'prepare.ts')])
  const code = await vitest([...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
  const { passed, failed } = count(report)
  rmSync(folder, { recursive: true })
  const unsaid = code !== 0 && failed === 0
  console.log(closingLine(passed, failed, unsaid ? `vitest itself ended with exit code ${code}` : undefined))
  return code
}

export function closingLine(passed, failed, note) {
  return `${passed} passed, ${failed} failed${note ? ` (${note})` : ''}`
}

function vitest(args) {
  return node([at('node_modules', 'vitest', 'vitest.mjs'), 'run', ...args])
}

function node(args) {
  return new Promise(resolve => {
    const child = spawn(runtimes()[0], args, { cwd: at(), stdio: 'inherit' })
    passSignals(child)
    child.on('exit', (code, signal) => resolve(endOf(code, signal)))
  })
}

/** A test file that can't even be loaded holds no tests, and still counts as one failure. */
function count(report) {
  const { numPassedTests, testResults } = read(report)
  const failed = testResults.map(({ status, assertionResults }) => {
    const tests = assertionResults.filter(test => test.status === 'failed').length
    return Math.max(tests, status === 'failed' ? 1 : 0)
  })
  return { passed: numPassedTests, failed: failed.reduce((sum, one) => sum + one, 0) }
}

function read(report) {
  try {
    return JSON.parse(readFileSync(report, 'utf8'))
  } catch {
    return { numPassedTests: 0, testResults: [] }
  }
}
