import { crashDrill } from './drill/crash-drill.ts'
import { onPostgresql } from './drill/on.ts'
import { digitaloceanScenes } from './scenes/digitalocean.ts'

crashDrill({ part: 'ocean', start: onPostgresql, scenes: [digitaloceanScenes] })
