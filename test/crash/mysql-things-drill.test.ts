import { test } from 'vitest'
import { crashDrill, EVERY } from './drill/crash-drill.ts'
import { onMysqlFamily } from './drill/on.ts'
import { databaseScenes } from './scenes/databases.ts'
import { settingScenes } from './scenes/users.ts'

// What happens in the store is the same as on PostgreSQL: `npm test` looks less often.
if (onMysqlFamily)
  crashDrill({
    part: 'things',
    start: onMysqlFamily,
    scenes: [settingScenes, databaseScenes],
    everyOf: () => 2 * EVERY,
  })
else test.skip('The MySQL family is left out: ENGINES says so')
