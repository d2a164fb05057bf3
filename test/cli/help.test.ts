import type { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { makeProgram } from '../../src/cli/program.ts'

const program = await makeProgram(() => true)

/** Commands that do something themselves, by their whole name. */
function leavesOf(command: Command, above: readonly string[] = []): readonly (readonly [string, Command])[] {
  const name = [...above, command.name()]
  if (command.commands.length === 0) return [[name.join(' '), command]]
  return command.commands.flatMap(one => leavesOf(one, name))
}

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: more => (text += more) })
  command.outputHelp()
  return text
}

describe.each(leavesOf(program))('%s --help', (name, command) => {
  const examples = helpOf(command)
    .split('Examples:\n')[1]
    ?.split('\n')
    .filter(line => line.startsWith('  '))

  test('has examples', () => {
    expect(examples?.length).toBeGreaterThan(0)
  })

  test('has examples that are understood, of this command', async () => {
    const understood: string[] = []
    for (const line of examples ?? []) {
      const words = [...line.trim().matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
      const fresh = await makeProgram(() => true)
      for (const [own, leaf] of leavesOf(fresh)) leaf.action(() => void understood.push(own))
      await fresh.parseAsync(words.slice(words.indexOf('rolecall') + 1), { from: 'user' })
    }
    expect(understood).toEqual(examples?.map(() => name))
  })

  test('says what it and each of its options are for', () => {
    expect(command.description()).not.toBe('')
    expect(command.options.filter(({ description }) => description === '').map(({ long }) => long)).toEqual([])
    expect(command.registeredArguments.filter(({ description }) => description === '').map(one => one.name())).toEqual(
      [],
    )
  })
})
