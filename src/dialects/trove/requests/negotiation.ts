export type Format = 'json' | 'xml'

export const MEDIA_TYPES = { json: 'application/json', xml: 'application/xml' } as const

/** What an answer is written in; `version` is one that the caller insists on. */
export interface Wanted {
  readonly format: Format
  readonly version?: string
}

/** The format that the caller likes best of those that there are; JSON where it says nothing that we know. */
export function wantedBy(accept: string | undefined): Wanted {
  const known = (accept ?? '').split(',').flatMap(rangeOf)
  const [best] = known.toSorted((one, other) => other.quality - one.quality)
  return best ? { format: best.format, version: best.version } : { format: 'json' }
}

interface Range extends Wanted {
  readonly quality: number
}

function rangeOf(text: string): readonly Range[] {
  const [type = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase())
  const format = formatOf(type)
  const quality = Number(parameterOf(parameters, 'q') ?? 1)
  if (!format || !(quality > 0)) return []
  return [
    { format, quality, version: type.startsWith('application/vnd.') ? parameterOf(parameters, 'version') : undefined },
  ]
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  return parameters
    .find(one => one.startsWith(`${name}=`))
    ?.slice(name.length + 1)
    .replaceAll('"', '')
}

const FORMATS: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/vnd.openstack.trove+json': 'json',
  'application/xml': 'xml',
  'application/vnd.openstack.trove+xml': 'xml',
  '*/*': 'json',
  'application/*': 'json',
}

/** The format that a media type stands for; undefined for one that is none of ours. */
export function formatOf(type: string): Format | undefined {
  const bare = type.split(';')[0]!.trim().toLowerCase()
  return Object.hasOwn(FORMATS, bare) ? FORMATS[bare] : undefined
}
