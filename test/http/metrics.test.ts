import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aRunningApp } from '../support/app.ts'

const OPERATING = join(import.meta.dirname, '..', '..', 'docs', 'operating.md')

test('/metrics tells what docs/operating.md explains, and nothing else of its own', async () => {
  await using rolecall = await aRunningApp()
  await rolecall.native('GET', '')
  const { payload } = await rolecall.app.http.inject('/metrics')
  const told = [...payload.matchAll(/^# TYPE (rolecall_\w+)/gm)].map(found => found[1]!)
  const page = readFileSync(OPERATING, 'utf8')
  const explained = [...page.matchAll(/^\| `(rolecall_\w+)` \| (.*?) \|/gm)]
  expect(told.toSorted()).toEqual(explained.map(([, name]) => name!).toSorted())
  for (const [, name, labels] of explained) {
    const line = payload.split('\n').find(one => one.startsWith(`${name}{`) || one.startsWith(`${name}_sum{`))
    if (line) for (const [, label] of labels!.matchAll(/`(\w+)`/g)) expect(line).toContain(`${label}="`)
  }
})

test('/metrics of an installation where nothing is under way says so', async () => {
  await using rolecall = await aRunningApp()
  const { payload } = await rolecall.app.http.inject('/metrics')
  for (const state of ['open', 'stuck']) {
    expect(payload).toContain(`rolecall_operations{state="${state}"} 0`)
    expect(payload).toContain(`rolecall_operations_lag_seconds{state="${state}"} 0`)
    expect(payload).toContain(`rolecall_operation_targets{state="${state}"} 0`)
  }
})
