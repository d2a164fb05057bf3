import { openStore } from '../../src/store/open.ts'
import { aProject } from './builders.ts'

/** Serves from the folder and writes without end; says each project's id once it has been acknowledged. */
const [folder = ''] = process.argv.slice(2)
const store = await openStore({ folder, masterKey: { folder, env: {} }, serve: true })
process.stdout.write('serving\n')
for (;;) {
  const projects = [aProject(), aProject()]
  await store.transaction(async tables => {
    for (const project of projects) await tables.projects.add(project)
  })
  process.stdout.write(`${projects.map(project => project.id).join(' ')}\n`)
}
