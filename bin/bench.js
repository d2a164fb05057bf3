#!/usr/bin/env node
// `npm run bench`: figures, side by side in one run. Arguments name the ones that are wanted.
import { goOn } from './ground/go-on.js'
import { prepare } from './ground/prepare.js'

await prepare()
goOn(['bench/run.ts', ...process.argv.slice(2)])
