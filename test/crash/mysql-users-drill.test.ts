import { test } from 'vitest'
import { crashDrill, EVERY } from './drill/crash-drill.ts'
import { onMysqlFamily } from './drill/on.ts'
import { userScenes } from './scenes/users.ts'

// What happens in the store is the same as on PostgreSQL: `npm test` looks less often.
if (onMysqlFamily) crashDrill({ part: 'users', start: onMysqlFamily, scenes: [userScenes], everyOf: () => 2 * EVERY })
else test.skip('The MySQL family is left out: ENGINES says so')
