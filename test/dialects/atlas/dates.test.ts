import { describe, expect, test } from 'vitest'
import { endFrom } from '../../../src/dialects/atlas/wire/dates.ts'

const NOW = Date.UTC(2031, 3, 5, 12)
const codeOf = (text: string): string => {
  try {
    return new Date(endFrom(text, NOW)).toISOString()
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a date', () => {
  test.each([
    ['2031-04-09T18:30:00Z', '2031-04-09T18:30:00.000Z'],
    ['2031-04-09T18:30:00', '2031-04-09T18:30:00.000Z'],
    ['2031-04-09T18:30', '2031-04-09T18:30:00.000Z'],
    ['2031-04-09', '2031-04-09T00:00:00.000Z'],
    ['2031-04-09 18:30:00z', '2031-04-09T18:30:00.000Z'],
    ['2031-04-09T18:30:00+02:00', '2031-04-09T16:30:00.000Z'],
    ['2031-04-09T18:30:00-0530', '2031-04-10T00:00:00.000Z'],
    ['2031-04-09T18:30:00.123456789Z', '2031-04-09T18:30:00.123Z'],
    ['2031-04-05T12:00:00.001Z', '2031-04-05T12:00:00.001Z'],
    ['2031-04-12T12:01:00Z', '2031-04-12T12:01:00.000Z'],
  ])('%s is %s', (text, moment) => {
    expect(codeOf(text)).toBe(moment)
  })

  test.each([
    ['soon', 'INVALID_DATE_FORMAT'],
    ['', 'INVALID_DATE_FORMAT'],
    ['1933000000', 'INVALID_DATE_FORMAT'],
    ['09.04.2031', 'INVALID_DATE_FORMAT'],
    ['2031-04-31T00:00:00Z', 'INVALID_DATE_FORMAT'],
    ['2031-13-01T00:00:00Z', 'INVALID_DATE_FORMAT'],
    ['2031-04-09T25:00:00Z', 'INVALID_DATE_FORMAT'],
    ['2031-04-09T18:30:00Z ', 'INVALID_DATE_FORMAT'],
    ['2031-04-05T12:00:00Z', 'EXPIRATION_DATE_IN_PAST'],
    ['2031-04-05T14:00:00+02:00', 'EXPIRATION_DATE_IN_PAST'],
    ['1999-01-01', 'EXPIRATION_DATE_IN_PAST'],
    ['2031-04-12T12:01:01Z', 'EXPIRATION_DATE_EXCEEDS_MAX'],
  ])('%j is refused as %s', (text, code) => {
    expect(codeOf(text)).toBe(code)
  })
})
