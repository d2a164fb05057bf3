import { describe, expect, test } from 'vitest'
import { sources } from './sources.ts'

/** Who may import whom: each folder, and the folders of ours that it may see. Its own is always allowed. */
const MAY_SEE: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  engines: ['domain'],
  store: ['domain'],
  ledger: ['engines', 'store', 'domain'],
  services: ['ledger', 'engines', 'store', 'domain'],
  dialects: ['services', 'ledger', 'engines', 'store', 'domain', 'version.ts'],
  http: ['dialects', 'services', 'domain', 'settings', 'version.ts'],
  jobs: ['services', 'ledger', 'engines', 'store', 'domain', 'settings'],
  cli: ['app.ts', 'http', 'services', 'store', 'domain', 'settings', 'version.ts'],
  settings: ['domain'],
  'version.ts': [],
  // It alone wires real things together.
  'app.ts': [
    'cli',
    'dialects',
    'domain',
    'engines',
    'http',
    'jobs',
    'ledger',
    'services',
    'store',
    'settings',
    'version.ts',
  ],
}

/** Above the services, engines and the store are known by the promise they keep, and never by how they keep it. */
const PROMISES = [
  'engines/engine.ts',
  'engines/registry.ts',
  'store/store.ts',
  'store/interface/callers.ts',
  'store/interface/operations.ts',
  'store/interface/replays.ts',
  'store/interface/servers.ts',
  'store/interface/users.ts',
  'store/project-record.ts',
  'store/user-record.ts',
  'store/problem.ts',
  'store/folder.ts',
  'store/open.ts',
  'store/keeping/copy.ts',
  'store/keeping/fill.ts',
  'store/keeping/master-key/master-key.ts',
  'store/keeping/master-key/master-key-reset.ts',
  'store/keeping/master-key/reseal.ts',
  'store/keeping/place.ts',
]

const areaOf = (path: string) => path.split('/')[0]!

describe('imports run one way', () => {
  test('as STYLE.md draws it', () => {
    const wrong = sources.flatMap(({ path, imports }) => {
      const area = areaOf(path)
      const allowed = MAY_SEE[area]
      if (!allowed) return [`src/${area} is new: say in this test whom it may import`]
      const bad = imports.filter(one => areaOf(one) !== area && !allowed.includes(areaOf(one)))
      return bad.map(one => `${path} → ${one}; ${area} may import ${allowed.join(', ') || 'nothing of ours'}`)
    })
    expect(wrong).toEqual([])
  })

  test('engines do not know each other', () => {
    const engineOf = (path: string) => /^engines\/([^/]+)\//.exec(path)?.[1]
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(one => engineOf(path) && engineOf(one) && engineOf(path) !== engineOf(one))
        .map(one => `${path} → ${one}`),
    )
    expect(wrong).toEqual([])
  })

  test('dialects do not know each other', () => {
    const dialectOf = (path: string) => /^dialects\/([^/]+)\//.exec(path)?.[1]
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter(one => dialectOf(path) && dialectOf(one) && dialectOf(path) !== dialectOf(one))
        .map(one => `${path} → ${one}`),
    )
    expect(wrong).toEqual([])
  })

  test('outside of src/app.ts, engines and the store are seen by their promises alone', () => {
    const wrong = sources
      .filter(({ path }) => path !== 'app.ts')
      .flatMap(({ path, imports }) =>
        imports
          .filter(one => ['engines', 'store'].includes(areaOf(one)) && areaOf(one) !== areaOf(path))
          .filter(one => !PROMISES.includes(one))
          .map(one => `${path} → ${one}`),
      )
    expect(wrong).toEqual([])
  })

  test('src/app.ts alone imports the wiring', () => {
    const wrong = sources.filter(({ path, imports }) => imports.includes('app.ts') && areaOf(path) !== 'cli')
    expect(wrong.map(({ path }) => path)).toEqual([])
  })
})
