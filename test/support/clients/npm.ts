import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { oneAtATime } from './one-at-a-time.ts'
import { installedIn, listedIn } from './place.ts'

/** A folder with exactly the packages of test/clients/NAME/package-lock.json: fetched by whoever asks first, and again when that has changed. */
export function npmPackages(name: string): string {
  const folder = installedIn(name)
  oneAtATime(join(folder, 'npm.lock'), () => installOnce(name, folder))
  return folder
}

function installOnce(name: string, folder: string): void {
  const lock = readFileSync(join(listedIn(name), 'package-lock.json'), 'utf8')
  const done = join(folder, 'installed.json')
  if (existsSync(done) && readFileSync(done, 'utf8') === lock) return
  for (const file of ['package.json', 'package-lock.json']) cpSync(join(listedIn(name), file), join(folder, file))
  console.error(`Fetching the packages of test/clients/${name} into .engines/clients/${name}/ (once)`)
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { status } = spawnSync('npm', flags, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  if (status !== 0) throw new Error(`npm ci in .engines/clients/${name}/ failed: run it there by hand`)
  writeFileSync(done, lock)
}
