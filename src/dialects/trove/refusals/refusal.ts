import { isFault } from '../../../domain/fault.ts'

/** Refused in this dialect's own words, where the words of all dialects have none that fit. */
export class Refusal extends Error {
  readonly status: number
  /** The fault's name: the one key of the body. */
  readonly fault: string
  readonly details?: string

  constructor(status: number, fault: string, message: string, details?: string) {
    super(message)
    this.status = status
    this.fault = fault
    this.details = details
  }
}

/** What somebody else made after it was looked for is refused in the same words as what was there before. */
export function orTaken(look: () => Promise<void>) {
  return async (error: unknown): Promise<never> => {
    if (isFault(error) && error.code === 'exists') await look()
    throw error
  }
}

export const badRequest = (message: string) => new Refusal(400, 'badRequest', message)
export const notFound = (message: string) => new Refusal(404, 'itemNotFound', message)
export const unprocessable = (message: string) => new Refusal(422, 'unprocessableEntity', message)
export const forbidden = (message: string) => new Refusal(403, 'forbidden', message)

export const NO_RESOURCE = 'The resource could not be found.'
export const NO_ACCESS = 'Access was denied to this resource.'
