import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TestServer } from './servers.ts'

/** Remembers every password and key that went through the API, and looks for them where none may be. */
export interface SecretWatch {
  /** Where Rolecall writes its own log, at its most talkative. */
  readonly log: string
  /** A request's body, and the text of its answer. */
  heard(request: unknown, answer: string): void
  watchServer(server: TestServer): void
  /** Throws if a secret stands in the clear in the data folder, in our log, or in a server's. */
  check(): void
}

/** Shorter ones could stand anywhere by chance. */
const SHORTEST = 8

const SECRET_FIELD = /^(password|private|clientKey)$/

export function createSecretWatch(folder: string): SecretWatch {
  const secrets = new Set<string>()
  const serverLogs = new Set<string>()

  function collect(value: unknown): void {
    if (typeof value !== 'object' || value === null) return
    for (const [name, part] of Object.entries(value)) {
      if (SECRET_FIELD.test(name) && typeof part === 'string' && part.length >= SHORTEST) secrets.add(part)
      collect(part)
    }
  }

  function check(): void {
    const files = [...filesIn(folder), ...serverLogs]
    for (const file of files) {
      const bytes = readFileSync(file)
      for (const secret of secrets) {
        if (bytes.includes(secret))
          throw new Error(`A secret (${secret.length} characters) stands in the clear in ${file}`)
      }
    }
  }

  return {
    log: join(folder, 'test.log'),
    heard: (request, answer) => {
      collect(request)
      collect(parse(answer))
    },
    watchServer: ({ log }) => log && serverLogs.add(log),
    check,
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap(name => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesIn(path) : [path]
  })
}
