import { test } from 'vitest'
import { crashDrill, EVERY } from './drill/crash-drill.ts'
import { onMongodb } from './drill/on.ts'
import { mongodbOceanScenes } from './scenes/mongodb-digitalocean.ts'

// What happens in the store is the same as on PostgreSQL: `npm test` looks less often.
if (onMongodb) crashDrill({ part: 'ocean', start: onMongodb, scenes: [mongodbOceanScenes], everyOf: () => 2 * EVERY })
else test.skip('MongoDB is left out: ENGINES says so')
