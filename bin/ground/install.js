import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { oneAtATime } from './one-at-a-time.js'
import { at } from './place.js'
import { EXIT, giveUp, say } from './words.js'

const lock = at('package-lock.json')
const stamp = at('node_modules', '.rolecall-lock')

/** Installs when node_modules is missing or isn't what package-lock.json says. A published package has no lock: nothing to do. */
export async function installIfNeeded() {
  if (!existsSync(lock) || isStamped()) return
  await oneAtATime('install', () => {
    if (isStamped()) return
    if (!isInstalled()) install()
    writeStamp()
  })
}

function writeStamp() {
  try {
    writeFileSync(stamp, hashOfLock())
  } catch (error) {
    // Installed by another account: all is well, only looked at more closely each time.
    if (!['EACCES', 'EROFS'].includes(error.code)) throw error
  }
}

function hashOfLock() {
  return createHash('sha256').update(readFileSync(lock)).digest('hex')
}

function isStamped() {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashOfLock()
}

/** True after somebody's own `npm ci` or `npm install`: npm notes what it installed, last of all. */
function isInstalled() {
  const noted = at('node_modules', '.package-lock.json')
  if (!existsSync(noted)) return false
  const found = packagesIn(noted)
  const wanted = Object.entries(packagesIn(lock)).filter(([path]) => path !== '')
  const runsFromSource = existsSync(at('src'))
  return wanted.every(([path, { version, optional, dev }]) => {
    if (found[path]) return found[path].version === version
    return optional || (dev && !runsFromSource)
  })
}

function packagesIn(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}

function install() {
  say('installing the packages that it needs (only now, and when package-lock.json changes)…')
  const began = Date.now()
  const [command, first] = npm()
  // Without install scripts: better-sqlite3's would want a compiler for what it already brings.
  const flags = ['ci', '--ignore-scripts', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund']
  const { status, error } = spawnSync(command, [...first, ...flags], { cwd: at(), stdio: ['ignore', 2, 2] })
  if (status !== 0) failed(error)
  say(`installed in ${Math.round((Date.now() - began) / 1000)} s`)
}

/** The very npm that started us, where one did. */
function npm() {
  const own = process.env.npm_execpath
  return own?.endsWith('npm-cli.js') ? [process.execPath, [own]] : ['npm', []]
}

function failed(error) {
  giveUp(
    EXIT.installFailed,
    error
      ? `npm could not be started: ${error.message}`
      : 'npm could not install the packages; its own words are above.',
    'It needs the npm registry (or a mirror: npm config set registry URL; a proxy: npm config set https-proxy URL), some 600 MB of disk,',
    `and leave to write in ${at()}. Then run this again; by hand: npm ci --ignore-scripts`,
  )
}
