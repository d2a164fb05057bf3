import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Settings } from '../../settings/settings.ts'
import { Problem } from '../exit-codes.ts'

/** Certificate and key are looked at before anything starts, so that a wrong one is named and not a handshake's riddle later. */
export function checkTls(settings: Settings): Settings {
  const { tls } = settings
  if (!tls) return settings
  const cert = read('tls.cert', tls.cert)
  const key = read('tls.key', tls.key)
  try {
    createSecureContext({ cert, key })
  } catch (error) {
    throw new Problem(
      'badSetting',
      `Settings tls.cert and tls.key don't fit: ${(error as Error).message}.`,
      'They have to be a certificate and its private key, both as PEM files.',
    )
  }
  return settings
}

function read(key: string, path: string): Buffer {
  if (!path) throw new Problem('badSetting', `Setting ${key} is missing.`, 'tls.cert and tls.key go together.')
  try {
    return readFileSync(path)
  } catch (error) {
    throw new Problem(
      'badSetting',
      `Setting ${key} is not right: ${(error as Error).message}.`,
      'It has to be a file that can be read.',
    )
  }
}
