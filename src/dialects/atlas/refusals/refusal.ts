import { type AtlasCode, CODES } from './codes.ts'

/** One field that is not acceptable; `field` is a dotted path. */
export interface BadField {
  readonly field: string
  readonly description: string
}

export interface RefusalDetails {
  /** In place of the code's own words. */
  readonly detail?: string
  readonly badFields?: readonly BadField[]
  readonly headers?: Readonly<Record<string, string>>
}

/** Refused in this API's own words. */
export class Refusal extends Error {
  readonly status: number
  readonly code: AtlasCode
  readonly parameters: readonly (string | number)[]
  readonly badFields?: readonly BadField[]
  readonly headers: Readonly<Record<string, string>>

  constructor(code: AtlasCode, parameters: readonly (string | number)[], details: RefusalDetails = {}) {
    const [status, words] = CODES[code]
    super(details.detail ?? filled(words, parameters))
    this.status = status
    this.code = code
    this.parameters = parameters
    this.badFields = details.badFields
    this.headers = details.headers ?? {}
  }
}

/** `throw refusal('USERNAME_NOT_FOUND', name)`; what follows the code are its parameters, which the detail repeats. */
export function refusal(code: AtlasCode, ...parameters: readonly (string | number)[]): Refusal {
  return new Refusal(code, parameters)
}

/** Lengths, patterns, counts: one entry for each bad field. */
export function invalidFields(...badFields: readonly BadField[]): Refusal {
  return new Refusal('VALIDATION_ERROR', [], { badFields })
}

function filled(words: string, parameters: readonly (string | number)[]): string {
  const whole = words.replace('{*}', parameters.join(', '))
  return whole.replace(/\{(\d)\}/g, (hole, at) => String(parameters[Number(at)] ?? hole))
}
