import type { App } from '../app.ts'
import type { Settings } from '../settings/settings.ts'
import { Problem } from './exit-codes.ts'

/** Starts the app; answers where it listens. */
export async function listen(app: App, { host, port }: Settings): Promise<string> {
  try {
    return await app.start()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') {
      throw new Problem(
        'portTaken',
        `Port ${port} on ${host} is taken.`,
        'Stop what listens there, or choose another: --port 8481',
      )
    }
    if (code === 'EACCES') {
      throw new Problem(
        'portTaken',
        `Port ${port} is not ours to listen on.`,
        'Ports below 1024 need a right of their own; --port 8480 needs none.',
      )
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new Problem(
        'badSetting',
        `Setting host is not right: ${host} is no address of this machine.`,
        '0.0.0.0 listens on all of them.',
      )
    }
    throw error
  }
}
