import type { EngineName, Instance } from '../../domain/instance.ts'

/** What this API calls an engine. */
export interface EngineWords {
  /** Its `engine`. */
  readonly engine: string
  /** Its `protocol`, in connections. */
  readonly protocol: string
  /** The scheme of connection URIs, where it is another word. */
  readonly scheme: string
  /** What this API has for it at all, whatever the engine could do. */
  readonly has: readonly ('users' | 'databases')[]
  /** User names that nobody gets here, beside those that the engine keeps for itself. */
  readonly reserved: readonly string[]
}

const NOTHING = { has: [], reserved: [] } as const

/** Engines without a word exist in other dialects only. */
const WORDS = {
  postgresql: {
    engine: 'pg',
    protocol: 'postgresql',
    scheme: 'postgres',
    has: ['users', 'databases'],
    reserved: ['postgres'],
  },
  mysql: { ...NOTHING, engine: 'mysql', protocol: 'mysql', scheme: 'mysql', has: ['users', 'databases'] },
  mongodb: { ...NOTHING, engine: 'mongodb', protocol: 'mongodb', scheme: 'mongodb', has: ['users', 'databases'] },
  kafka: { ...NOTHING, engine: 'kafka', protocol: 'kafka', scheme: 'kafka', has: ['users'] },
  redis: { ...NOTHING, engine: 'redis', protocol: 'rediss', scheme: 'rediss' },
} as const satisfies Partial<Record<EngineName, EngineWords>>

/** Variants that have a word of their own, as servers call themselves. */
const VARIANTS: Readonly<Record<string, EngineWords>> = { valkey: { ...WORDS.redis, engine: 'valkey' } }

/** Instances of these engines are clusters here. */
export const CLUSTER_ENGINES = Object.keys(WORDS) as readonly (keyof typeof WORDS)[]

export function wordsOf({ engine, server }: Pick<Instance, 'engine' | 'server'>): EngineWords {
  return VARIANTS[server?.variant ?? ''] ?? WORDS[engine as keyof typeof WORDS]
}
