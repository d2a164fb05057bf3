const SUFFIXES = ['', '.json', '.xml'] as const

/** A path that names no object of its own also takes the format as its ending; the document has it once. */
export const withSuffixes = (path: string): readonly { readonly path: string; readonly hide: boolean }[] =>
  SUFFIXES.map(suffix => ({ path: `${path}${suffix}`, hide: suffix !== '' }))
