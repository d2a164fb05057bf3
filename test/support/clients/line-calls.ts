import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { endsWithUs } from '../ends-with-us.ts'

/** A program that takes one JSON object a line, and answers each with one of the same `id`. */
export interface LineCalls {
  ask(call: object): Promise<object>
  /** Without an answer. */
  tell(message: object): void
  /** Nobody asks any more; resolves when the program has ended. */
  end(): Promise<void>
}

export function lineCalls(child: ChildProcess, name: string): LineCalls {
  endsWithUs(child)
  const waiting = new Map<number, { resolve(answer: object): void; reject(error: Error): void }>()
  const exited = once(child, 'exit')
  let words = ''
  let count = 0
  child.stderr!.on('data', text => (words += text))
  child.stdin!.on('error', () => undefined)
  createInterface({ input: child.stdout! }).on('line', line => {
    const answer = JSON.parse(line) as { readonly id?: number }
    waiting.get(answer.id ?? 0)?.resolve(answer)
  })
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended: ${words}`))
  })
  const tell = (message: object) => void child.stdin!.write(`${JSON.stringify(message)}\n`)

  async function ask(call: object): Promise<object> {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${words}`)
    const id = ++count
    const answer = new Promise<object>((resolve, reject) => waiting.set(id, { resolve, reject }))
    tell({ ...call, id })
    return await answer.finally(() => waiting.delete(id))
  }

  async function end(): Promise<void> {
    child.stdin!.end()
    await exited
  }

  return { ask, tell, end }
}
