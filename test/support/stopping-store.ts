import type { Store, Tables } from '../../src/store/store.ts'

/** A store whose transactions can be stopped just before they commit, with all their locks. */
export interface StoppingStore {
  readonly store: Store
  /** Stops the next transaction that calls `call` (`users.put`); answers, once it stands still, how to let it go on. */
  stopAfter(call: string): Promise<() => void>
}

export function stoppingStore(real: Store): StoppingStore {
  let wanted: { readonly call: string; readonly standing: (goOn: () => void) => void } | undefined

  function transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    return real.transaction(async tables => {
      const calls = new Set<string>()
      const done = await work(noting(tables, calls))
      if (wanted && calls.has(wanted.call)) {
        const { standing } = wanted
        wanted = undefined
        await new Promise<void>(goOn => standing(goOn))
      }
      return done
    })
  }

  return {
    store: { ...real, transaction },
    stopAfter: call =>
      new Promise(standing => {
        wanted = { call, standing }
      }),
  }
}

/** The same tables, and every call of theirs is noted. */
function noting(tables: Tables, calls: Set<string>): Tables {
  const groups = Object.entries(tables).map(([name, group]) => [name, notingGroup(name, group, calls)])
  return Object.fromEntries(groups)
}

function notingGroup(name: string, group: object, calls: Set<string>): unknown {
  if (typeof group === 'function') return group
  const methods = Object.entries(group).map(([method, run]) => [
    method,
    (...values: unknown[]) => {
      calls.add(`${name}.${method}`)
      return run(...values)
    },
  ])
  return Object.fromEntries(methods)
}

/** What comes of work that meets a stopped transaction: the work is begun, has time to run into it, and then both go on. */
export async function meeting<T>(goOn: () => void, work: () => Promise<T>): Promise<T> {
  const running = work()
  await Promise.race([running.catch(() => undefined), new Promise(resolve => setTimeout(resolve, 700))])
  goOn()
  return running
}
