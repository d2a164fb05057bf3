import { type Load, load, median, type Sign } from './load.ts'

/** A server under load, and what it is asked for. */
export interface Loaded {
  readonly url: string
  readonly paths: readonly string[]
  readonly headers?: Record<string, string>
  /** Makes what signs requests anew, one for each connection. */
  readonly sign?: (connections: number) => Promise<readonly Sign[]>
}

const ROUNDS = 3
const SECONDS = Number(process.env.ROLECALL_BENCH_SECONDS ?? 3)

export function printHeading(what: string): void {
  console.log(`\n${what}, requests a second (median of ${ROUNDS} rounds of ${SECONDS} s)`)
  console.log('  connections  pages      bare   rolecall   ratio   p99 bare  p99 rolecall')
}

/** Ours beside a bare server's, turn about in one run. Ratios above 1: ours is faster. */
export async function printCompared(what: string, connections: number, bare: Loaded, rolecall: Loaded): Promise<void> {
  const [theirs, ours]: [Load[], Load[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(await under(bare, connections))
    ours.push(await under(rolecall, connections))
  }
  const failed = [...theirs, ...ours].reduce((sum, one) => sum + one.failed, 0)
  const [a, b] = [theirs, ours].map(all => median(all.map(one => one.perSecond))) as [number, number]
  const [c, d] = [theirs, ours].map(all => median(all.map(one => one.p99))) as [number, number]
  const cells = [
    a.toFixed(0).padStart(8),
    b.toFixed(0).padStart(10),
    (b / a).toFixed(2).padStart(7),
    `${c} ms`.padStart(10),
    `${d} ms`.padStart(13),
  ]
  console.log(
    `  ${String(connections).padStart(11)}  ${what.padEnd(8)} ${cells.join(' ')}${failed > 0 ? `  ${failed} FAILED` : ''}`,
  )
}

async function under({ url, paths, headers, sign }: Loaded, connections: number): Promise<Load> {
  return load(url, paths, connections, SECONDS, { headers, signs: await sign?.(connections) })
}
