import type { EngineName, Instance } from '../../../domain/servers/instance.ts'

type Versioned = Pick<Instance, 'engine' | 'versionSlug' | 'server'>

/** How many parts of a full version make the slug; one, where nothing is said. */
const PARTS: Partial<Record<EngineName, number>> = { kafka: 2 }

/** Is this a version of the instance, in as many parts as its asker likes; undefined: nobody knows yet. */
export function isVersionOf({ versionSlug, server }: Versioned, asked: string): boolean | undefined {
  if (asked === versionSlug) return true
  if (server) return server.version === asked || server.version.startsWith(`${asked}.`)
  return versionSlug === undefined ? undefined : false
}

/** What clients compare with their configuration: what was asked for, as long as it is true; else what is known, or nothing. */
export function versionShown(instance: Versioned, asked: string | undefined): string {
  if (asked !== undefined && isVersionOf(instance, asked) !== false) return asked
  return instance.versionSlug ?? slugOf(instance)
}

function slugOf({ engine, server }: Versioned): string {
  return server?.version.split('.', PARTS[engine] ?? 1).join('.') ?? ''
}
