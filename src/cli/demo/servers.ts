import { Problem } from '../exit-codes.ts'
import { recall, rememberServer } from './folder.ts'
import { mariadb } from './mariadb/index.ts'
import { mongodb } from './mongodb/index.ts'
import { postgresql } from './postgresql/index.ts'
import { NotInstalled, PRODUCT_NAMES, type Product, type ProductName } from './product.ts'
import { removeHomes, removeServer, startServer } from './running/server.ts'

const PRODUCTS: Readonly<Record<ProductName, Product>> = { postgresql, mariadb, mongodb }

/** In the order in which they are told of. */
const ALL = PRODUCT_NAMES.map(name => PRODUCTS[name])

/** Where nobody says which, this one runs in any case, and others if they can. */
const USUAL: readonly ProductName[] = ['postgresql']

/** What `--engines` says; undefined where nobody says anything. */
export function parseEngines(text: string | undefined): readonly ProductName[] | undefined {
  const names = text?.split(',').map(name => name.trim())
  const unknown = names?.filter(name => !isProduct(name))
  if (!unknown || unknown.length === 0) return names as readonly ProductName[] | undefined
  throw new Problem(
    'usage',
    `The demo has no engine ${unknown.map(name => JSON.stringify(name)).join(', ')}.`,
    `It has ${inWords(PRODUCT_NAMES)}: --engines ${PRODUCT_NAMES.join(',')}`,
  )
}

function isProduct(name: string): name is ProductName {
  return (PRODUCT_NAMES as readonly string[]).includes(name)
}

/** Starts them side by side, with their samples; answers those that run. Those that nobody demanded may stay away. */
export async function startServers(
  folder: string,
  demanded: readonly ProductName[] | undefined,
  running: AsyncDisposableStack,
): Promise<readonly Product[]> {
  const wanted = ALL.filter(product => demanded?.includes(product.name) ?? isUsual(product, folder))
  const needed = wanted.filter(({ name }) => (demanded ?? USUAL).includes(name))
  say(`starting the demo's ${inWords(needed.map(({ label }) => label))}…`)
  const stacks = wanted.map(() => new AsyncDisposableStack())
  // All at once: stopping one after the other could take longer than a stop may.
  running.defer(async () => void (await Promise.all(stacks.map(one => one.disposeAsync()))))
  const runs = await Promise.all(
    wanted.map((product, at) => (needed.includes(product) ? demand : startIfPossible)(product, folder, stacks[at]!)),
  )
  return wanted.filter((_, at) => runs[at])
}

/** What has to be fetched is not started unless somebody has asked for it, once. */
function isUsual({ name, isFetched }: Product, folder: string): boolean {
  return !isFetched || recall(folder)?.servers[name] !== undefined
}

function demand(product: Product, folder: string, running: AsyncDisposableStack): Promise<boolean> {
  return start(product, folder, true, running)
}

async function start(
  product: Product,
  folder: string,
  mayFetch: boolean,
  running: AsyncDisposableStack,
): Promise<boolean> {
  const memory = await startServer(product, folder, mayFetch, running)
  if (memory.hasSamples) return true
  await product.addSamples(memory)
  rememberServer(folder, product.name, { ...memory, hasSamples: true })
  return true
}

async function startIfPossible(product: Product, folder: string, running: AsyncDisposableStack): Promise<boolean> {
  try {
    return await start(product, folder, false, running)
  } catch (error) {
    // Everything is stopping, this one too.
    if (running.disposed) throw error
    await running.disposeAsync()
    const wasHere = recall(folder)?.servers[product.name]
    if (wasHere || !(error instanceof NotInstalled)) say(`it goes on without ${product.label}. ${inOneLine(error)}`)
    return false
  }
}

function inWords(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(names)
}

function inOneLine(error: unknown): string {
  const words = error instanceof Problem ? `${error.message} ${error.remedy}` : String(error)
  return words.replaceAll(/\s*\n\s*/g, ' | ')
}

/** Whatever of them is left here, whoever was asked for. */
export async function removeServers(folder: string): Promise<void> {
  await Promise.all(ALL.map(product => removeServer(product, folder)))
  removeHomes()
}

export function say(words: string): void {
  process.stderr.write(`rolecall: ${words}\n`)
}
