import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))

/** One file of src/, its paths relative to there. */
export interface Source {
  readonly path: string
  /** Without comments; line numbers as in the file. */
  readonly code: string
  /** Files of ours that it imports, statically or not. */
  readonly imports: readonly string[]
}

export const sources: readonly Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .sort()
  .map(read)

function read(path: string): Source {
  const text = readFileSync(join(SRC, path), 'utf8')
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)
  const imports = [...found].map(([, target]) => relative(SRC, join(SRC, dirname(path), target!)))
  return { path, code: withoutComments(text), imports }
}

function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, ' ')
  return text.replace(/\/\*[\s\S]*?\*\//g, blank).replace(/(^|\s)\/\/.*$/gm, blank)
}

/** `path:line: text` of every line outside of `areas` that the pattern finds. */
export function linesLike(pattern: RegExp, allowed: (path: string) => boolean): string[] {
  return sources
    .filter(({ path }) => !allowed(path))
    .flatMap(({ path, code }) =>
      code.split('\n').flatMap((line, at) => (pattern.test(line) ? [`src/${path}:${at + 1}: ${line.trim()}`] : [])),
    )
}
