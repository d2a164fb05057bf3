import { test } from 'vitest'
import { createEngines } from '../../src/engines/registry.ts'
import { engineContract } from '../contract/engine.ts'
import { mongodbServers, targetOf } from '../support/servers.ts'

const engine = createEngines().get('mongodb')

// Attempts of other processes are given this long to end, since the server can't be told to end them.
const statementTimeoutMs = 3_000

for (const { name, start } of mongodbServers()) {
  engineContract(name, async () => ({ engine, target: targetOf(await start(), { statementTimeoutMs }) }))
}

if (mongodbServers().length === 0) test.skip('MongoDB is left out: ENGINES says so')
