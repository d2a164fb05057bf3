import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { FAULTS } from '../../src/dialects/faults.ts'
import { BUILT_IN_POLICY } from '../../src/domain/servers/policy.ts'
import { SETTINGS } from '../../src/settings/names.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

/** Cells of every table row below a heading, up to the next heading. */
function rowsBelow(path: string, heading: string): readonly (readonly string[])[] {
  const part = read(path)
    .split(/^#+ /m)
    .find(one => one.startsWith(`${heading}\n`))
  const lines = part?.split('\n').filter(line => line.startsWith('|')) ?? []
  // The first two say what the columns are.
  return lines.slice(2).map(line =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map(cell => cell.trim().replaceAll('`', '')),
  )
}

describe('docs/faults.md', () => {
  const rows = rowsBelow('docs/faults.md', 'All faults')

  test('has one row for every fault, with its status in each dialect', () => {
    const told = rows.map(([name, native, wiremock, digitalocean, trove, atlas]) => ({
      name,
      native,
      wiremock,
      digitalocean,
      trove,
      atlas,
    }))
    const wanted = Object.values(FAULTS).map(({ native, wiremock, digitalocean, trove, atlas }) => ({
      name: native[1],
      native: String(native[0]),
      wiremock: String(wiremock[0]),
      digitalocean: String(digitalocean[0]),
      trove: String(trove[0]),
      atlas: String(atlas[0]),
    }))
    expect(told).toEqual(wanted)
  })

  test('says what each means and what to do', () => {
    expect(rows.filter(cells => cells.length !== 8 || cells.includes(''))).toEqual([])
  })
})

describe('docs/operating.md', () => {
  test('has one row for every setting, with its built-in value', () => {
    const told = rowsBelow('docs/operating.md', 'All settings').map(([key, initial]) => [key, initial])
    expect(told).toEqual(SETTINGS.map(({ key, schema }) => [key, initialOf(key, schema.default)]))
  })

  test('lists its chapters, in their order', () => {
    const page = read('docs/operating.md')
    const listed = [...page.split(/^## /m)[0]!.matchAll(/^- \[(.+)\]/gm)].map(found => found[1])
    expect(listed).toEqual([...page.matchAll(/^## (.+)$/gm)].map(found => found[1]))
  })

  test('has one row for every exit code', () => {
    const told = rowsBelow('docs/operating.md', 'Exit codes').map(([code, name]) => `${code} ${name}`)
    const launcher = [...read('bin/ground/words.js').matchAll(/(\w+): (\d+)/g)].map(
      ([, name, code]) => `${code} ${name}`,
    )
    const own = Object.entries(EXIT).map(([name, code]) => `${code} ${name}`)
    expect(told.toSorted()).toEqual([...new Set([...own, ...launcher])].toSorted())
  })
})

/** As the table writes it: – where nothing is built in. */
function initialOf(key: string, initial: unknown): string {
  const policy = key.startsWith('policy.') ? BUILT_IN_POLICY[key.slice(7) as keyof typeof BUILT_IN_POLICY] : undefined
  const text = String(policy ?? initial ?? '')
  return text === '' ? '–' : text
}

describe('CHANGELOG.md', () => {
  test('has each of its entries once, below a subject', () => {
    const [before, ...subjects] = read('CHANGELOG.md').split(/^### .*$/m)
    expect(before).not.toMatch(/^- /m)
    const entries = subjects.flatMap(text => text.match(/^- .{1,60}/gm) ?? [])
    expect(entries.filter((entry, at) => entries.indexOf(entry) !== at)).toEqual([])
  })
})

describe('examples/README.md', () => {
  test('has one row for every example', () => {
    const told = rowsBelow('examples/README.md', 'Examples').map(([file]) => file?.replace(/\[(.+)\]\(\1\)/, '$1'))
    const there = readdirSync(join(ROOT, 'examples')).filter(name => name !== 'README.md')
    expect(told.toSorted()).toEqual(there.toSorted())
  })
})

describe('README.md and docs/', () => {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const own = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md']
  const pages = [...own, ...docs.filter(name => name.endsWith('.md')).map(name => join('docs', name))]

  test.each(pages)('%s links to files that are there', page => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
      found => found[1] ?? found[2]!,
    )
    const relative = links.filter(link => !/^([a-z]+:|#)/.test(link))
    const broken = relative.filter(link => !existsSync(join(ROOT, dirname(page), link.split('#')[0]!)))
    expect(broken).toEqual([])
  })

  test.each(pages)('%s links to headings that are there', page => {
    const links = [...read(page).matchAll(/\]\(([^)\s#:]*\.md)?#([^)\s]+)\)/g)]
    const broken = links.filter(([, file, heading]) => {
      const target = file === undefined ? page : join(dirname(page), file)
      return !headingsOf(target).includes(heading!)
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })

  test.each(pages)('%s names no file of ours that is not there', page => {
    const named = [...read(page).matchAll(/(?<![\w/.-])(?:src|test|bin|docs|examples|bench)\/[\w./-]*[\w/]/g)].map(
      ([path]) => path,
    )
    const gone = named.filter(path => !/NAME|NNNN/.test(path) && !existsSync(join(ROOT, path)))
    expect(gone).toEqual([])
  })

  test.each(pages)('%s names no path of the machine that it was written on', page => {
    expect(read(page).match(/(^|[\s("'`=])\/(work|root|home|Users)\/\S*/gm)).toBeNull()
  })

  test.each(pages)('%s keeps its lines short enough to read', page => {
    const long = read(page)
      .split('\n')
      .filter(line => line.length > 160 && !line.startsWith('|'))
    expect(long).toEqual([])
  })
})

/** As GitHub makes anchors of headings. */
function headingsOf(page: string): readonly string[] {
  const headings = [...read(page).matchAll(/^#+ (.+)$/gm)].map(found => found[1]!)
  return headings.map(text =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
}
