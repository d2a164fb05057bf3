#!/usr/bin/env node
// `npm start -- …` is `rolecall demo …`.
import { goOn } from './ground/go-on.js'
import { prepare } from './ground/prepare.js'

await prepare()
goOn(['dist/cli/main.js', 'demo', ...process.argv.slice(2)])
