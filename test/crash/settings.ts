import { loadSettings } from '../../src/cli/settings.ts'
import type { Settings } from '../../src/settings.ts'

/** As a production start would have them, on any free port, for servers on loopback. */
export function settingsFor(folder: string): Settings {
  const flags = { '--data': folder, '--port': '0', '--network-allow': '127.0.0.0/8', '--log-level': 'silent' }
  return loadSettings(flags, {}, {})
}
