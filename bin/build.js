#!/usr/bin/env node
// `npm run build`: what `npm start` does first.
import { prepare } from './ground/prepare.js'

await prepare()
