#!/usr/bin/env node
// `npm test`: the check first, then every test; arguments go to vitest.
import { check } from './ground/check.js'
import { prepare } from './ground/prepare.js'
import { closingLine, runTests } from './ground/tests.js'

await prepare()
if (await check()) {
  process.exit(await runTests(process.argv.slice(2)))
}
console.log(closingLine(0, 1, 'npm run check failed, so no test was run'))
process.exit(1)
