import { type Command, Option } from 'commander'
import { type ApiKey, scopesOf } from '../../domain/callers/api-key.ts'
import type { Operator } from '../../domain/callers/operator.ts'
import { SCOPES } from '../../domain/callers/scope.ts'
import { ROLES, type Role } from '../../domain/users/role.ts'
import { createKeys } from '../../services/callers/keys.ts'
import { createOperators } from '../../services/callers/operators.ts'
import { answerList, answerOne, timeText } from '../answer.ts'
import { everything } from '../command-caller.ts'
import { endOf } from '../end-of.ts'
import { Problem } from '../exit-codes.ts'
import { addStoreOptions, type OnStore, onStore, projectNamed } from '../on-store.ts'

interface CreateOptions {
  readonly project?: string
  readonly operator?: string
  readonly role: Role
  readonly expires?: string
  readonly network?: readonly string[]
  readonly scope?: readonly string[]
  readonly description?: string
}

export function setUp(keys: Command): void {
  const create = addStoreOptions(keys.command('create').description('make a key; its private half is shown this once'))
  create
    .option('--project <project>', 'what it opens: id, alias or name; needed where there are several')
    .option('--operator <operator>', 'whose it is: id or username; without it, the first operator’s')
    .addOption(new Option('--role <role>', 'what it may do there').choices(ROLES).makeOptionMandatory())
    .option('--expires <end>', 'a time such as 2027-01-31T00:00:00Z, or how long, such as P30D or PT12H')
    .option('--scope <scope>', `narrows it: ${SCOPES.join(', ')}; may be given again`, collect)
    .option('--network <cidr>', 'client network it may be used from; may be given again', collect)
    .option('--description <text>', 'what it is for')
    .action((options: CreateOptions) => onStore(create, at => createKey(create, at, options)))
  const list = addStoreOptions(keys.command('list').description('list the keys of a project, without their secrets'))
  list
    .option('--project <project>', 'id, alias or name')
    .action((options: { project?: string }) => onStore(list, at => listKeys(list, at, options.project)))
  const revoke = addStoreOptions(
    keys.command('revoke').description('end a key at once').argument('<key>', 'id or public half'),
  )
  revoke.action((key: string) => onStore(revoke, at => revokeKey(revoke, at, key)))
}

const collect = (value: string, before: readonly string[] = []) => [...before, value]

async function createKey(command: Command, { store, caller }: OnStore, options: CreateOptions): Promise<void> {
  const project = await projectNamed(store, options.project)
  const operator = options.operator ? await createOperators(store).get(options.operator) : caller.operator
  const { key, privateKey } = await createKeys(store).create(caller, project.id, {
    role: options.role,
    operatorId: operator.id,
    description: options.description,
    scopes: options.scope,
    networks: options.network,
    expiresAt: options.expires === undefined ? undefined : endOf(options.expires, await store.now()),
  })
  const text = privateKey.reveal()
  const sentence = `Key ${key.id} of ${operator.username} for ${project.name}, role ${options.role}.
Shown this once and stored nowhere:

  ${text}        (public half: ${key.publicKey})
`
  answerOne(
    command,
    { id: key.id, public: key.publicKey, private: text, project: project.id, operator: operator.id },
    sentence,
  )
}

async function listKeys(command: Command, { store, caller }: OnStore, name: string | undefined): Promise<void> {
  const { id } = await projectNamed(store, name)
  const keys = await everything(page => createKeys(store).list(caller, id, page))
  const operators = new Map((await everything(page => store.read.operators.list(page))).map(one => [one.id, one]))
  const shown = keys.map(key => toShown(key, id, operators.get(key.operatorId)))
  answerList(command, shown, ({ networks, scopes, ...key }) => ({
    ...key,
    networks: networks.join(' ') || 'any',
    scopes: scopes?.join(' ') ?? 'all',
  }))
}

function toShown(key: ApiKey, projectId: string, operator: Operator | undefined) {
  return {
    id: key.id,
    public: key.publicKey,
    operator: operator?.username ?? key.operatorId,
    role: key.projects.find(one => one.projectId === projectId)?.role,
    scopes: scopesOf(key, projectId),
    networks: key.networks,
    expires: timeText(key.expiresAt),
    lastUsed: timeText(key.lastUsedAt),
    revoked: timeText(key.revokedAt),
    description: key.description,
  }
}

async function revokeKey(command: Command, { store, caller }: OnStore, text: string): Promise<void> {
  const key = (await store.read.keys.find(text)) ?? (await store.read.keys.findByPublicKey(text))
  if (!key) throw new Problem('refused', `No key ${text}.`, 'rolecall keys list tells them.')
  const named = key.projects.map(({ projectId }) => projectId)
  // A key whose home is gone opens what it still names, and nothing once it names nothing.
  const places = named.includes(key.homeProjectId) ? [key.homeProjectId] : named
  for (const projectId of places) await createKeys(store).revoke(caller, projectId, key.id)
  answerOne(command, { id: key.id, revoked: true }, `Key ${key.id} (${key.publicKey}) no longer opens anything.`)
}
