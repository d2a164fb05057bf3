import { crashDrill } from './drill/crash-drill.ts'
import { onPostgresql } from './drill/on.ts'
import { connectionScenes } from './scenes/connections.ts'
import { databaseScenes } from './scenes/databases.ts'
import { settingScenes } from './scenes/users.ts'

crashDrill({ part: 'things', start: onPostgresql, scenes: [settingScenes, databaseScenes, connectionScenes] })
