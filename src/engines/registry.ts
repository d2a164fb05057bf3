import { Fault } from '../domain/fault.ts'
import { ENGINES, type EngineName } from '../domain/servers/instance.ts'
import { DESCRIPTIONS } from './descriptions.ts'
import type { Engine, EngineDescription } from './engine.ts'
import { type Dial as DialMongodb, mongodb } from './mongodb/index.ts'
import { type Dial as DialMysql, mysql } from './mysql/index.ts'
import { type Dial as DialPostgresql, postgresql } from './postgresql/index.ts'

/** Every engine that Rolecall has a word for; the driven ones also do something. */
export interface Engines {
  get(name: EngineName): Engine
  list(): readonly Engine[]
  isDriven(name: EngineName): boolean
}

export interface EngineParts {
  readonly dialPostgresql?: DialPostgresql
  readonly dialMysql?: DialMysql
  readonly dialMongodb?: DialMongodb
}

export function createEngines(parts: EngineParts = {}): Engines {
  const driven: Partial<Record<EngineName, Engine>> = {
    postgresql: postgresql(parts.dialPostgresql),
    mysql: mysql(parts.dialMysql),
    mongodb: mongodb(parts.dialMongodb),
  }
  const engines = new Map(ENGINES.map(name => [name, driven[name] ?? describedOnly(name)] as const))
  return {
    get: name => engines.get(name)!,
    list: () => [...engines.values()],
    isDriven: name => name in driven,
  }
}

/** An engine whose servers can be listed as connections, and nothing more yet. */
function describedOnly(name: EngineName): Engine {
  const about = DESCRIPTIONS[name as keyof typeof DESCRIPTIONS]
  const refuse = async () => {
    throw notDriven(about)
  }
  return {
    about,
    plan: () => ({
      steps: [],
      refusals: [{ code: 'unsupported', subject: 'server', message: notDriven(about).message }],
    }),
    undo: () => undefined,
    open: refuse,
    endSession: refuse,
    pool: () => ({ use: refuse, [Symbol.asyncDispose]: async () => {} }),
    connectionStrings: () => ({}),
    canLogIn: refuse,
  }
}

function notDriven({ label }: EngineDescription): Fault {
  return new Fault('unsupported', 'server', `Rolecall keeps connections to ${label}, but can't manage its logins yet`)
}
