import { test } from 'vitest'
import { createEngines } from '../../src/engines/registry.ts'
import { engineContract } from '../contract/engine.ts'
import { mysqlServers, targetOf } from '../support/servers.ts'

const engine = createEngines().get('mysql')

for (const { name, start } of mysqlServers()) {
  engineContract(name, async () => ({ engine, target: targetOf(await start()) }))
}

if (mysqlServers().length === 0) test.skip('The MySQL family is left out: ENGINES says so')
