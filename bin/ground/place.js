import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A path inside the checkout, or inside the installed package. */
export const at = (...parts) => join(root, ...parts)
