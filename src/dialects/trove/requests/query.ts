import { lenientDecode } from './percent.ts'

/** The parameters of an address as they stand there, undecoded; of two with one name the first counts. */
export function rawQuery(url: string): ReadonlyMap<string, string> {
  const [, ...rest] = url.split('?')
  const pairs = rest.join('?').split('&').filter(Boolean)
  const named = pairs.map(pair => {
    const [name = '', ...value] = pair.split('=')
    return [lenientDecode(name.replaceAll('+', ' ')), value.join('=')] as const
  })
  return new Map(named.toReversed())
}
