import { type Command, Option } from 'commander'
import type { Operator } from '../../domain/callers/operator.ts'
import type { Member } from '../../domain/callers/project.ts'
import { ROLES, type Role } from '../../domain/users/role.ts'
import { createOperators } from '../../services/callers/operators.ts'
import { createProjects } from '../../services/callers/projects.ts'
import { answerList, answerOne, timeText } from '../answer.ts'
import { everything } from '../command-caller.ts'
import { addStoreOptions, type OnStore, onStore, projectNamed } from '../on-store.ts'

interface AddOptions {
  readonly email?: string
  readonly name?: string
  readonly project?: string
  readonly role?: Role
}

export function setUp(operators: Command): void {
  const add = addStoreOptions(
    operators.command('add').description('add somebody, or some program, who may call Rolecall'),
  )
  add
    .argument('<username>', 'what the operator is called in lists and in the audit')
    .option('--email <email>', 'where people are reached')
    .option('--name <name>', 'as people write it')
    .option('--project <project>', 'where the role counts: id, alias or name')
    .addOption(new Option('--role <role>', 'makes the operator a member of the project').choices(ROLES))
    .action((username: string, options: AddOptions) => onStore(add, at => addOne(add, at, username, options)))
  const list = addStoreOptions(operators.command('list').description('list the operators, and their roles'))
  list.action(() => onStore(list, at => listAll(list, at)))
  setUpRoles(operators)
  for (const [verb, disabled] of [
    ['disable', true],
    ['enable', false],
  ] as const) {
    const about = disabled ? 'end all access of an operator; the keys stay, and open nothing' : 'give the access back'
    const command = addStoreOptions(operators.command(verb).description(about).argument('<operator>', 'id or username'))
    command.action((name: string) => onStore(command, at => setDisabled(command, at, name, disabled)))
  }
}

function setUpRoles(operators: Command): void {
  const about = 'change the role of an operator in a project; none takes it away'
  const command = addStoreOptions(operators.command('set-role').description(about))
  command
    .argument('<operator>', 'id or username')
    .argument('<role>', [...ROLES, 'none'].join(', '))
    .option('--project <project>', 'id, alias or name; needed where there are several')
    .action((name: string, role: string, options: { project?: string }) =>
      onStore(command, at => setRole(command, at, name, roleFrom(command, role), options.project)),
    )
}

function roleFrom(command: Command, text: string): Role | 'none' {
  const role = [...ROLES, 'none' as const].find(one => one === text)
  return role ?? command.error(`error: ${text} is no role; there are ${ROLES.join(', ')}, and none`)
}

async function addOne(command: Command, at: OnStore, username: string, options: AddOptions): Promise<void> {
  const { email, name, role } = options
  // Looked for first: a wrong project must not leave an operator behind.
  const project = role && (await projectNamed(at.store, options.project))
  const operator = await createOperators(at.store).add({ username, email, name })
  if (project && role) await createProjects(at.store).setMember(at.caller, project.id, operator.id, role)
  const membership = project
    ? `${role} of ${project.name}`
    : 'without a role yet: rolecall operators set-role gives one'
  answerOne(command, toShown(operator, []), `Operator ${username} is ${operator.id}, ${membership}.`)
}

async function listAll(command: Command, { store, caller }: OnStore): Promise<void> {
  const operators = await everything(page => store.read.operators.list(page))
  const projects = await everything(page => store.read.projects.list(page))
  const members = await Promise.all(
    projects.map(({ id }) => everything(page => createProjects(store).listMembers(caller, id, page))),
  )
  const nameOf = new Map(projects.map(({ id, name }) => [id, name]))
  const shown = operators.map(operator =>
    toShown(
      operator,
      members.flat().filter(one => one.operatorId === operator.id),
    ),
  )
  answerList(command, shown, ({ roles, first, ...operator }) => ({
    ...operator,
    roles:
      roles.map(({ project, role }) => `${nameOf.get(project)}: ${role}`).join('\n') +
      (first ? '\nmay make projects' : ''),
  }))
}

async function setRole(
  command: Command,
  { store, caller }: OnStore,
  name: string,
  role: Role | 'none',
  projectName: string | undefined,
): Promise<void> {
  const operator = await createOperators(store).get(name)
  const project = await projectNamed(store, projectName)
  const projects = createProjects(store)
  if (role === 'none') await projects.removeMember(caller, project.id, operator.id)
  else await projects.setMember(caller, project.id, operator.id, role)
  const thing = { operator: operator.id, project: project.id, role }
  answerOne(command, thing, `${operator.username} in ${project.name}: ${role}.`)
}

async function setDisabled(command: Command, { store }: OnStore, name: string, disabled: boolean): Promise<void> {
  const operator = await createOperators(store).setDisabled(name, disabled)
  const sentence = disabled ? 'may no longer call Rolecall' : 'may call Rolecall again'
  answerOne(command, toShown(operator, []), `${operator.username} ${sentence}.`)
}

function toShown({ id, username, email, name, first, disabledAt }: Operator, members: readonly Member[]) {
  const roles = members.map(({ projectId, role }) => ({ project: projectId, role }))
  return { id, username, email, name, first, roles, disabled: timeText(disabledAt) }
}
