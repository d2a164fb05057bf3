import type { Command } from 'commander'
import type { Project } from '../../domain/callers/project.ts'
import { createProjects } from '../../services/callers/projects.ts'
import { answerList, answerOne, timeText } from '../answer.ts'
import { everything } from '../command-caller.ts'
import { addStoreOptions, type OnStore, onStore, projectNamed } from '../on-store.ts'

/** How a project is named on the command line. */
const NAMED = 'id, alias or name'

export function setUp(projects: Command): void {
  const create = addStoreOptions(projects.command('create').description('make a project; the first operator owns it'))
  create
    .argument('<name>', 'as people write it')
    .option('--alias <alias>', 'stands for its id in paths of the Trove API')
    .action((name: string, { alias }: { alias?: string }) =>
      onStore(create, at => createOne(create, at, { name, alias })),
    )
  const list = addStoreOptions(projects.command('list').description('list the projects'))
  list.action(() => onStore(list, at => listAll(list, at)))
  const show = addStoreOptions(projects.command('show').description('show a project and its members'))
  show.argument('<project>', NAMED).action((name: string) => onStore(show, at => showOne(show, at, name)))
  const rename = addStoreOptions(projects.command('rename').description('give a project another name'))
  rename
    .argument('<project>', NAMED)
    .argument('<name>', 'what it is called from now on')
    .action((name: string, wanted: string) => onStore(rename, at => renameOne(rename, at, name, wanted)))
  const remove = addStoreOptions(
    projects.command('delete').description('remove a project that manages no instance any more'),
  )
  remove.argument('<project>', NAMED).action((name: string) => onStore(remove, at => removeOne(remove, at, name)))
}

async function createOne(
  command: Command,
  { store, caller }: OnStore,
  wanted: { readonly name: string; readonly alias?: string },
): Promise<void> {
  const project = await createProjects(store).create(caller, wanted)
  const next = `rolecall keys create --project ${project.id} --role admin makes a key for it.`
  answerOne(command, toShown(project), `Project ${project.name} is ${project.id}. ${next}`)
}

async function listAll(command: Command, { store }: OnStore): Promise<void> {
  const all = await everything(page => store.read.projects.list(page))
  answerList(command, all.map(toShown), project => project)
}

async function showOne(command: Command, { store, caller }: OnStore, name: string): Promise<void> {
  const project = await projectNamed(store, name)
  const members = await everything(page => createProjects(store).listMembers(caller, project.id, page))
  const shown = {
    ...toShown(project),
    members: members.map(({ operatorId, username, role }) => ({ id: operatorId, username, role })),
  }
  const names = shown.members.map(({ username, role }) => `  ${username}: ${role}`).join('\n')
  answerOne(command, shown, `${project.name} (${project.id}), made ${shown.created}\n${names}`)
}

async function renameOne(command: Command, { store, caller }: OnStore, name: string, wanted: string): Promise<void> {
  const { id } = await projectNamed(store, name)
  const project = await createProjects(store).change(caller, id, { name: wanted })
  answerOne(command, toShown(project), `Project ${id} is now called ${project.name}.`)
}

async function removeOne(command: Command, { store, caller }: OnStore, name: string): Promise<void> {
  const project = await projectNamed(store, name)
  await createProjects(store).remove(caller, project.id)
  answerOne(command, { id: project.id, deleted: true }, `Project ${project.name} is gone.`)
}

function toShown({ id, name, alias, createdAt }: Project) {
  return { id, name, alias, created: timeText(createdAt) }
}
