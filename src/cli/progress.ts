import type { OnProgress } from '../store/keeping/fill.ts'

/** Work that is done sooner says nothing. */
const QUIET_MS = 1_000
const TERMINAL_MS = 200
const LINE_MS = 5_000

/** Tells on standard error how far long work is: one line that is written over on a terminal, a line now and then elsewhere. */
export function progressOn({ stderr } = process): { readonly tell: OnProgress; end(): void } {
  let next = performance.now() + QUIET_MS
  let open = false
  return {
    tell({ table, done, total }) {
      if (performance.now() < next) return
      next = performance.now() + (stderr.isTTY ? TERMINAL_MS : LINE_MS)
      const words = `${numberText(done)} of ${numberText(total)} rows (${table})`
      stderr.write(stderr.isTTY ? `\r\u001b[K${words}` : `${words}\n`)
      open = stderr.isTTY === true
    },
    end() {
      if (open) stderr.write('\r\u001b[K')
    },
  }
}

export const numberText = (value: number): string => value.toLocaleString('en-US')
