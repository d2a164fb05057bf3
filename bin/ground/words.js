/** Exit codes of the launcher; those of the command itself are in src/cli/exit-codes.ts. */
export const EXIT = { wrongNode: 10, installFailed: 11, buildFailed: 12 }

/** Standard output belongs to the command, so the launcher speaks on standard error. */
export function say(...lines) {
  for (const line of lines) process.stderr.write(`rolecall: ${line}\n`)
}

export function giveUp(code, ...lines) {
  say(...lines)
  process.exit(code)
}
