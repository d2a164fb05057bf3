import { Gauge, type Registry } from 'prom-client'

type Figures = Readonly<Record<string, number>>

/** A figure for each state, asked for whenever the page is. While the store is away the figures of others must still be told. */
export function gaugeByState(
  registry: Registry,
  { name, help }: { readonly name: string; readonly help: string },
  look: () => Promise<Figures>,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const figures = await look().catch((): Figures => ({}))
      for (const [state, figure] of Object.entries(figures)) this.set({ state }, figure)
    },
  })
}
