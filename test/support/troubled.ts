import type { Parts } from '../../src/app.ts'
import { Fault } from '../../src/domain/fault.ts'
import type { Change } from '../../src/domain/users/change.ts'
import type { AdminClient, Engine, Facts, Step } from '../../src/engines/engine.ts'
import type { Engines } from '../../src/engines/registry.ts'

/** Servers that give trouble when a test wants it. */
export interface Trouble {
  readonly parts: (real: Parts) => Parts
  /** Stands between every step and its server, on that port. */
  around: (step: Step, run: (step: Step) => Promise<void>, port: number) => Promise<void>
  /** Stands between whoever asks what a plan needs to know, and the server on that port. */
  asked: (change: Change, port: number, ask: () => Promise<Facts>) => Promise<Facts>
  /** Nobody gets a session for a change. */
  away: boolean
}

export function trouble(): Trouble {
  const mine: Trouble = {
    parts: real => ({ ...real, engines: troubled(real.engines, mine) }),
    around: (step, run) => run(step),
    asked: (_change, _port, ask) => ask(),
    away: false,
  }
  return mine
}

function troubled(engines: Engines, mine: Trouble): Engines {
  const over = (client: AdminClient, port: number): AdminClient => ({
    ...client,
    facts: (change, mark) => mine.asked(change, port, () => client.facts(change, mark)),
    run: async step => void (await mine.around(step, async one => void (await client.run(one)), port)),
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  })
  const wrapped = (engine: Engine): Engine => ({
    ...engine,
    open: async (...all) => {
      if (mine.away) throw hungUp()
      return over(await engine.open(...all), all[0].hosts[0]!.port)
    },
  })
  return { ...engines, get: name => wrapped(engines.get(name)) }
}

export const hungUp = () => new Fault('unavailable', 'server', 'the server hung up')
export const refused = () => new Fault('refused', 'user', 'the server would not')

export const says = ({ statements }: Step, words: string) => statements.some(({ shown }) => shown.includes(words))

/** Runs what comes before the step that says `words`, then hangs up, and is away. */
export function cutOffAt(mine: Trouble, words: string): void {
  mine.away = false
  mine.around = async (step, run) => {
    if (!says(step, words)) return run(step)
    mine.away = true
    throw hungUp()
  }
}

/** Whatever was wrong is so no more. */
export function heal(mine: Trouble): void {
  mine.around = (step, run) => run(step)
  mine.asked = (_change, _port, ask) => ask()
  mine.away = false
}

export const overtaken = () => new Fault('conflict', 'role', 'another was quicker')
