import { chownSync, closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** On disk, folder entry included, before anything is sealed with it. */
export function writeDurably(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  writeSync(file, text)
  fsyncSync(file)
  closeSync(file)
  syncFolderOf(path)
}

/** The name holds the old text or the new one, and never a part. */
export function replaceDurably(path: string, text: string): void {
  const beside = `${path}.${process.pid}.new`
  rmSync(beside, { force: true })
  writeDurably(beside, text)
  ownLike(beside, path)
  renameSync(beside, path)
  syncFolderOf(path)
}

/** Root may do what belongs to the server's account, which must still be able to read it. */
export function ownLike(path: string, other: string): void {
  if (process.getuid?.() !== 0) return
  const { uid, gid } = statSync(other)
  chownSync(path, uid, gid)
}

export function moveAside(path: string): void {
  if (existsSync(path)) renameSync(path, `${path}.lost-${Date.now()}`)
}

function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
