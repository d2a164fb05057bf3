import { createApp } from '../../src/app.ts'
import { settingsFor } from './app.ts'
import type { ServingWish } from './serving.ts'

/** A whole Rolecall in a process of its own, wired as in production: says where it listens, and runs until it is ended. */
const { folder, flags } = JSON.parse(process.argv[2] ?? '{}') as ServingWish
const app = await createApp(settingsFor(folder, flags))
const origin = await app.start()
process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)))
process.stdout.write(`${origin}\n`)
