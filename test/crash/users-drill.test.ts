import { crashDrill, EVERY } from './drill/crash-drill.ts'
import { onPostgresql } from './drill/on.ts'
import { userScenes } from './scenes/users.ts'

/** In `npm test`, too, these are killed at every point: whatever else is changed goes the same ways. */
const WHOLE = ['create a user', 'reset its password', 'drop a user']

crashDrill({
  part: 'users',
  start: onPostgresql,
  scenes: [userScenes],
  everyOf: (what, isFirst) => (isFirst && WHOLE.includes(what) ? 1 : EVERY),
})
