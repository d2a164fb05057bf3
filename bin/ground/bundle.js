import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { rolldown } from 'rolldown'
import { at } from './place.js'

// Makes dist/: a few files of src/ and of the packages that it uses, since finding and reading two thousand is what a start would spend
// its time on. Types are looked at by `npm run check`; here they are only taken away. Runs under Node 24, in a process of its own.

/** Add-ons find their binary beside themselves, and drivers, which nobody needs at a start, other parts. `pg` only asks whether pg-native is there. */
const LEFT_WHERE_THEY_ARE =
  /^(better-sqlite3|pg-native|mysql2|mongodb|redis|tedious|oracledb|@platformatic\/kafka)($|\/)/

try {
  writeFileSync(at('dist', 'THIRD-PARTY.txt'), licencesOf(await bundle()))
} catch (error) {
  process.stderr.write(`${stripVTControlCharacters(error.message)}\n`)
  process.exitCode = 1
}

/** Writes the bundle; answers the modules that went into it. */
async function bundle() {
  const made = await rolldown({
    input: { 'cli/main': at('src', 'cli', 'main.ts') },
    platform: 'node',
    external: LEFT_WHERE_THEY_ARE,
    plugins: [{ name: 'ascii', generateBundle: (_options, bundle) => Object.values(bundle).forEach(toAscii) }],
  })
  const { output } = await made.write({
    dir: at('dist'),
    format: 'esm',
    // A Rolecall that runs while the next is built never finds another file under the name that it is about to import.
    chunkFileNames: '[name]-[hash].js',
    keepNames: true,
    comments: { jsdoc: false },
  })
  return output.flatMap(({ moduleIds = [] }) => moduleIds)
}

/** With one character beyond it a whole file takes twice the memory, as node keeps the text of what it runs. */
function toAscii(chunk) {
  // Where a backslash was before the character already, `\\u` takes its place.
  chunk.code = chunk.code?.replace(/(\\*)([^\0-\x7f])/g, (_, slashes, unit) => {
    return `${slashes.slice(slashes.length % 2)}\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** What the packages inside want to be told wherever they go. */
function licencesOf(modules) {
  const homes = modules.map(id => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0])
  return [...new Set(homes)].filter(Boolean).sort().map(licenceOf).join('\n')
}

function licenceOf(home) {
  const { name, version, license } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const files = readdirSync(home).filter(file => /^(licen[cs]e|notice)/i.test(file))
  const words = files.map(file => readFileSync(join(home, file), 'utf8').trim())
  return `── ${name} ${version}: ${license}\n\n${words.join('\n\n')}\n`
}
