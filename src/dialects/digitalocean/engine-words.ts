import type { EngineName, Instance } from '../../domain/servers/instance.ts'

/** What this API calls an engine. */
export interface EngineWords {
  /** Its `engine`. */
  readonly engine: string
  /** Its `protocol`, in connections. */
  readonly protocol: string
  /** The scheme of connection URIs, where it is another word. */
  readonly scheme: string
  /** User names that nobody gets here, beside those that the engine keeps for itself. */
  readonly reserved: readonly string[]
}

const NOBODY = { reserved: [] } as const

/** Engines without a word exist in other dialects only. */
const WORDS = {
  postgresql: {
    engine: 'pg',
    protocol: 'postgresql',
    scheme: 'postgres',
    reserved: ['postgres'],
  },
  mysql: { ...NOBODY, engine: 'mysql', protocol: 'mysql', scheme: 'mysql' },
  mongodb: { ...NOBODY, engine: 'mongodb', protocol: 'mongodb', scheme: 'mongodb' },
  kafka: { ...NOBODY, engine: 'kafka', protocol: 'kafka', scheme: 'kafka' },
  redis: { ...NOBODY, engine: 'redis', protocol: 'rediss', scheme: 'rediss' },
} as const satisfies Partial<Record<EngineName, EngineWords>>

/** Variants that have a word of their own, as servers call themselves. */
const VARIANTS: Readonly<Record<string, EngineWords>> = { valkey: { ...WORDS.redis, engine: 'valkey' } }

/** Instances of these engines are clusters here. */
export const CLUSTER_ENGINES = Object.keys(WORDS) as readonly (keyof typeof WORDS)[]

export function wordsOf({ engine, server }: Pick<Instance, 'engine' | 'server'>): EngineWords {
  return VARIANTS[server?.variant ?? ''] ?? WORDS[engine as keyof typeof WORDS]
}
