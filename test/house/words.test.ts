import { expect, test } from 'vitest'
import { ENGINES } from '../../src/domain/servers/instance.ts'
import { linesLike } from './sources.ts'

const DIALECTS = ['native', 'wiremock', 'digitalocean', 'trove', 'atlas']

/** A name from the list next to a comparison, as a case, or looked up in a list. */
function comparisonWith(names: readonly string[]): RegExp {
  const name = `['"\`](?:${names.join('|')})['"\`]`
  return new RegExp(`[!=]==?\\s*${name}|${name}\\s*[!=]==?|case\\s+${name}|\\[[^\\]]*${name}[^\\]]*\\]\\.includes`)
}

test('nobody outside engines/ compares engine names', () => {
  expect(linesLike(comparisonWith(ENGINES), path => path.startsWith('engines/'))).toEqual([])
})

test('nobody outside dialects/ compares dialect names', () => {
  expect(linesLike(comparisonWith(DIALECTS), path => path.startsWith('dialects/'))).toEqual([])
})

/** Where a secret is logged in with, sealed, or handed to the one who gets it. */
const MAY_REVEAL = [
  /^engines\//,
  /^store\//,
  /^domain\/secret\.ts$/,
  /^dialects\/[a-z]+\//,
  // Compares what a caller signed with the half of its key that is kept for that.
  /^services\/callers\/digest\/digest\.ts$/,
  // First key and demo key: printed once, kept in the demo's own file.
  /^cli\/commands\/(serve|keys|master-key)\.ts$/,
  /^cli\/demo\//,
  // Hand address and master key to the store.
  /^settings\/store\.ts$/,
]

test('secrets are revealed only where they are used, sealed or handed over', () => {
  expect(linesLike(/\.reveal\(\)/, path => MAY_REVEAL.some(place => place.test(path)))).toEqual([])
})

test('nothing writes to the console but the front doors', () => {
  expect(linesLike(/\bconsole\.|process\.std(out|err)\.write/, path => path.startsWith('cli/'))).toEqual([])
})
