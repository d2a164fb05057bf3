import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { aFolder, rolecall } from './rolecall.ts'

// Real processes, a few in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 })

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const OLD_NODE =
  "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})"

/** A checkout with the real launcher and a command of one line. */
function aCheckout(main: string): string {
  const folder = aFolder()
  for (const name of ['bin', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  write(folder, 'src/cli/main.ts', main)
  return folder
}

function write(folder: string, path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const read = (folder: string, name: string) => readFileSync(join(folder, 'dist', name), 'utf8')

function launch(folder: string, args: readonly string[] = [], node: readonly string[] = [], env = {}) {
  const all = { ...process.env, npm_execpath: '', ...env }
  const options = { encoding: 'utf8', env: all, cwd: '/' } as const
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...node, join(folder, 'bin/rolecall.js'), ...args],
    options,
  )
  return { code: status, out: stdout, err: stderr }
}

describe('the launcher builds', () => {
  test('when there is nothing yet, when something changed, and not otherwise', () => {
    const folder = aCheckout("const words: string = 'first'\nconsole.log(words)\n")
    expect(launch(folder)).toEqual({ code: 0, out: 'first\n', err: 'rolecall: building…\n' })
    expect(launch(folder)).toEqual({ code: 0, out: 'first\n', err: '' })
    write(folder, 'src/cli/main.ts', "console.log('second' as string)\n")
    expect(launch(folder)).toEqual({ code: 0, out: 'second\n', err: 'rolecall: building…\n' })
  })

  test('and keeps what the build before left, for a Rolecall that still runs, and nothing older', () => {
    const folder = aCheckout('')
    const chunks = () => readdirSync(join(folder, 'dist')).filter(name => /^part-.*\.js$/.test(name))
    const build = (words: string, minutesAgo: number) => {
      write(folder, 'src/cli/main.ts', "const { words } = await import('./part.ts')\nconsole.log(words)\n")
      write(folder, 'src/cli/part.ts', `export const words = '${words}'\n`)
      expect(launch(folder).out).toBe(`${words}\n`)
      const then = new Date(Date.now() - minutesAgo * 60_000)
      for (const name of [...chunks().filter(name => read(folder, name).includes(words)), '.stamp']) {
        utimesSync(join(folder, 'dist', name), then, then)
      }
    }
    build('first', 30)
    build('second', 15)
    expect(chunks()).toHaveLength(2)
    build('third', 0)
    expect(chunks()).toHaveLength(2)
    expect(chunks().some(name => read(folder, name).includes('first'))).toBe(false)
  })

  test('words in every script, in files of plain ASCII: those take half the memory', () => {
    const folder = aCheckout("console.log('“ünï” \\’ 你好 😀', /^[’😀]+$/u.test('’😀'), /\\’/.test('’'), `\\\\é`)\n")
    expect(launch(folder).out).toBe('“ünï” ’ 你好 😀 true true \\é\n')
    expect(read(folder, 'cli/main.js')).toMatch(/^[\0-\x7f]*$/)
  })

  test('and keeps the licences of the packages that became part of it', () => {
    const folder = aCheckout("import { Type } from 'typebox'\nconsole.log(typeof Type.String)\n")
    expect(launch(folder).out).toBe('function\n')
    expect(read(folder, 'THIRD-PARTY.txt')).toMatch(/── typebox \d[^\n]*: MIT[\s\S]*Permission is hereby granted/)
  })

  test('and says so when it can’t', () => {
    const { code, out, err } = launch(aCheckout('const = broken'))
    expect([code, out]).toEqual([EXIT.buildFailed, ''])
    expect(err).toMatch(/main\.ts[\s\S]*rolecall: the build failed/)
  })
})

describe('the launcher installs', () => {
  test('not where somebody has installed just that by hand', () => {
    expect(launch(aCheckout("console.log('fine')\n")).err).not.toContain('installing')
  })

  test('when packages are missing; npm’s own words and a remedy when that fails', () => {
    const folder = aCheckout('')
    rmSync(join(folder, 'node_modules'))
    const env = {
      npm_config_registry: 'http://127.0.0.1:1',
      npm_config_cache: join(folder, 'cache'),
      npm_config_fetch_retries: '0',
    }
    const { code, out, err } = launch(folder, [], [], env)
    expect([code, out]).toEqual([EXIT.installFailed, ''])
    expect(err).toMatch(/ECONNREFUSED[\s\S]*rolecall: It needs the npm registry/)
  })

  test('nothing in a published package, which brings what it needs', () => {
    const folder = aCheckout('')
    for (const name of ['package-lock.json', 'src']) rmSync(join(folder, name), { recursive: true })
    write(folder, 'dist/cli/main.js', "console.log('published')")
    expect(launch(folder)).toEqual({ code: 0, out: 'published\n', err: '' })
  })
})

describe('the launcher passes on', () => {
  test('arguments and exit codes', () => {
    const folder = aCheckout("console.log(process.argv.slice(2).join('|'))\nprocess.exit(7)\n")
    expect(launch(folder, ['a b', '--c', "d'e"])).toMatchObject({ code: 7, out: "a b|--c|d'e\n" })
  })

  test('the end by a signal', () => {
    expect(launch(aCheckout("process.kill(process.pid, 'SIGKILL')\n")).code).toBe(137)
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s, and waits for the command to end in its own way', async signal => {
    const main = `process.on('${signal}', () => setTimeout(() => process.exit(5), 100))
setInterval(() => undefined, 1000)
console.log('up')
`
    const child = spawn(process.execPath, [join(aCheckout(main), 'bin/rolecall.js')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(child.stdout, 'data')
    child.kill(signal)
    expect(await once(child, 'exit')).toEqual([5, null])
  })

  test('to a Node that is new enough, or says which one is needed', () => {
    const folder = aCheckout('console.log(1)')
    launch(folder)
    rmSync(join(folder, 'node_modules'))
    // No packages, and none to be installed: what is left is the Node that runs the launcher.
    rmSync(join(folder, 'package-lock.json'))
    rmSync(join(folder, 'src'), { recursive: true })
    expect(launch(folder).code).toBe(0)
    const { code, err } = launch(folder, [], ['--import', OLD_NODE])
    expect(code).toBe(EXIT.wrongNode)
    expect(err).toMatch(/needs Node 24\.11 or newer; this is 20\.20\.2[\s\S]*Install Node 24/)
  })
})

test('adds well under a second when nothing changed', () => {
  const folder = aCheckout('')
  launch(folder)
  const took = [1, 2, 3].map(() => {
    const began = performance.now()
    launch(folder)
    return performance.now() - began
  })
  expect(Math.min(...took)).toBeLessThan(800)
})

test('the real command starts by it', () => {
  const out = execFileSync(process.execPath, [join(ROOT, 'bin/rolecall.js'), '--version'], { encoding: 'utf8' })
  expect(out).toMatch(/^\d+\.\d+\.\d+\n$/)
})

/** What an expression over a module of the launcher gives: plain JavaScript that TypeScript doesn't look at. */
function inLauncher(module: string, expression: string): unknown {
  const script = `import * as it from ${JSON.stringify(join(ROOT, 'bin/ground', module))}\nconsole.log(JSON.stringify(${expression}))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
}

test('no exit code means two things, and launcher and command agree on them', async () => {
  const { wrongNode, installFailed, buildFailed } = EXIT
  expect(inLauncher('words.js', 'it.EXIT')).toEqual({ wrongNode, installFailed, buildFailed })
  const codes = Object.values(EXIT)
  expect(new Set(codes).size).toBe(codes.length)
  const { out } = await rolecall(['--help']).ended()
  const inWords = (name: string) => name.replace(/[A-Z]/g, capital => ` ${capital.toLowerCase()}`)
  for (const [name, code] of Object.entries(EXIT))
    expect(out.replace(/\s+/g, ' ')).toContain(`${code} ${inWords(name)}`)
})

test('the closing line of a test run can be read by a machine', () => {
  expect(inLauncher('tests.js', 'it.closingLine(12, 0)')).toBe('12 passed, 0 failed')
  expect(inLauncher('tests.js', "it.closingLine(3, 1, 'why')")).toBe('3 passed, 1 failed (why)')
})
