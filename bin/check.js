#!/usr/bin/env node
// `npm run check`: format, lint, types, unused code, import direction.
import { check } from './ground/check.js'
import { installIfNeeded } from './ground/install.js'

await installIfNeeded()
process.exit((await check()) ? 0 : 1)
