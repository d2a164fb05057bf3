import { test } from 'vitest'
import { crashDrill, EVERY } from './drill/crash-drill.ts'
import { onMongodb } from './drill/on.ts'
import { mongodbThingScenes } from './scenes/mongodb.ts'

// What happens in the store is the same as on PostgreSQL: `npm test` looks less often.
if (onMongodb) crashDrill({ part: 'things', start: onMongodb, scenes: [mongodbThingScenes], everyOf: () => 2 * EVERY })
else test.skip('MongoDB is left out: ENGINES says so')
