#!/usr/bin/env node
import { EXIT } from './exit-codes.ts'
import { isNewEnough, OLDEST_NODE } from './node-version.ts'

// Nothing else that imports a library may be imported before this: on an old Node our libraries end in riddles, and SQLite's in a segfault.
if (isNewEnough(process.versions.node)) {
  const { run } = await import('./program.ts')
  await run(process.argv)
} else {
  process.stderr.write(`rolecall: Rolecall needs Node ${OLDEST_NODE} or newer; this is ${process.versions.node}.
  Start it by bin/rolecall.js, which brings its own Node, or install Node 24 (https://nodejs.org/en/download).\n`)
  process.exitCode = EXIT.wrongNode
}
