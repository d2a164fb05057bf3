import type { TSchema } from 'typebox'
import { BUILT_IN_POLICY, type Policy } from '../domain/servers/policy.ts'
import { SettingsSchema } from './settings.ts'
import type { Shape } from './values.ts'

/** One setting under its three names. */
export interface SettingName {
  /** `limits.bodyBytes`: its key in rolecall.yaml. */
  readonly key: string
  /** `--limits-body-bytes`; undefined for what must not stand in a process list. */
  readonly flag?: string
  /** `ROLECALL_LIMITS_BODY_BYTES`. */
  readonly variable: string
  readonly inFile: boolean
  /** What counts where nobody says anything, to be shown. */
  readonly usual: unknown
  readonly schema: Shape
}

export const SETTINGS: readonly SettingName[] = namesIn(SettingsSchema)

function namesIn(schema: TSchema, above: readonly string[] = []): SettingName[] {
  const properties = (schema as { properties?: Record<string, TSchema> }).properties
  if (!properties) return [nameOf(above, schema as Shape)]
  return Object.entries(properties).flatMap(([key, one]) => namesIn(one, [...above, key]))
}

function nameOf(path: readonly string[], schema: Shape): SettingName {
  const words = path.flatMap(part => part.split(/(?=[A-Z])/)).map(word => word.toLowerCase())
  return {
    key: path.join('.'),
    flag: schema.from === 'variable' ? undefined : `--${words.join('-')}`,
    variable: `ROLECALL_${words.join('_').toUpperCase()}`,
    inFile: schema.from === undefined,
    // Policy has levels: what is not said here must stay unsaid, and is built in elsewhere.
    usual: path[0] === 'policy' ? BUILT_IN_POLICY[path[1] as keyof Policy] : schema.default,
    schema,
  }
}
