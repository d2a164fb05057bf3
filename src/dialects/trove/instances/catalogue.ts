import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import type { Rate } from '../../rate.ts'
import type { TroveParts } from '../context.ts'
import { DATASTORE_WORDS, datastoreOf } from '../datastores/datastores.ts'
import { notFound } from '../refusals/refusal.ts'
import { linksOf } from '../requests/addresses.ts'
import type { VerbRate } from '../requests/rates.ts'
import { versionOf } from './views.ts'

/** A kind of server, and those of its versions that there are instances of. */
export type Datastore = ReturnType<typeof datastoresOf>[number]

export function datastoresOf(parts: TroveParts, request: FastifyRequest, views: readonly InstanceView[]) {
  return DATASTORE_WORDS.map(name => {
    const id = idOf(name)
    const here = views.filter(({ instance }) => datastoreOf(instance).word === name).map(versionOf)
    const versions = [...new Set(here)]
      .filter(Boolean)
      .toSorted()
      .map(version => {
        const versionId = idOf(name, version)
        const links = linksOf(request, parts, `datastores/${id}/versions`, versionId)
        return { id: versionId, name: version, version, links, datastore: id }
      })
    const links = linksOf(request, parts, 'datastores', id)
    return { id, name, links, versions, default_version: versions.at(-1)?.id ?? null }
  })
}

/** The same UUID for the same thing, in every replica and for ever. */
function idOf(...names: readonly string[]): string {
  const hex = createHash('sha256')
    .update(JSON.stringify(['rolecall datastore', ...names]))
    .digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}

export function datastoreCalled(all: readonly Datastore[], asked: string): Datastore {
  const found = all.find(({ id, name }) => id === asked || name === asked)
  if (!found) throw notFound(`Datastore '${asked}' cannot be found.`)
  return found
}

export function versionCalled(among: readonly Datastore[], asked: string) {
  const found = among.flatMap(({ versions }) => versions).find(({ id, name }) => id === asked || name === asked)
  if (!found) throw notFound(`Datastore version '${asked}' cannot be found.`)
  return found
}

/** Nothing limits how many servers there are; clients want a number. */
const MANY = 10_000

/** What there may be, and what each method may still do: in all, and on single kinds of paths. */
export function limitsOf(rate: Rate | undefined, verbRates: readonly VerbRate[]) {
  const absolute = { verb: 'ABSOLUTE', max_instances: MANY, max_volumes: MANY, max_backups: 0 }
  const inAll = rate ? VERBS.map(verb => ({ ...rate, verb, regex: '.*' })) : []
  return [absolute, ...verbRates.map(toLimit), ...inAll.map(toLimit)]
}

const VERBS = ['DELETE', 'GET', 'POST', 'PUT']

function toLimit({ verb, regex, limit: value, remaining, resetSeconds }: VerbRate) {
  const nextAvailable = `${new Date(Date.now() + resetSeconds * 1000).toISOString().slice(0, 19)}Z`
  return { verb, uri: '*', regex, value, remaining, unit: 'MINUTE', nextAvailable }
}
