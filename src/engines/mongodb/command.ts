import { Secret } from '../../domain/secret.ts'
import type { Step } from '../engine.ts'

/** A command as the server takes it: its name is the first key. */
export type Command = Readonly<Record<string, unknown>>

// What is answered has reached most members: a new primary knows it, too.
const MAJORITY = { writeConcern: { w: 'majority' } }

/** One command is one step: the server carries it out whole, or not at all. */
export function step(why: string, database: string, command: Command): Step {
  return { why, database, statements: [{ shown: JSON.stringify({ ...command, ...MAJORITY }) }] }
}

/** Of commands that write nothing, and take no write concern. */
export function plainStep(why: string, database: string, command: Command): Step {
  return { why, database, statements: [{ shown: JSON.stringify(command) }] }
}

/** A step whose `pwd` people see masked. The protocol takes it in clear alone: links off loopback are protected. */
export function secretStep(why: string, database: string, command: Command, pwd: Secret): Step {
  const text = (shown: string) => JSON.stringify({ ...withPassword(command, shown), ...MAJORITY })
  return { why, database, statements: [{ shown: text('[secret]'), secret: new Secret(text(pwd.reveal())) }] }
}

function withPassword(command: Command, pwd: string): Command {
  const [[name, subject], ...rest] = Object.entries(command) as [[string, unknown], ...[string, unknown][]]
  return { [name]: subject, pwd, ...Object.fromEntries(rest) }
}

export function commandIn({ statements: [statement] }: Step): Command {
  return JSON.parse(statement!.secret?.reveal() ?? statement!.shown) as Command
}
