#!/usr/bin/env node
import { goOn } from './ground/go-on.js'
import { prepare } from './ground/prepare.js'

await prepare()
goOn(['dist/cli/main.js', ...process.argv.slice(2)])
