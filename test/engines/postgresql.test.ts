import { test } from 'vitest'
import { createEngines } from '../../src/engines/registry.ts'
import { engineContract } from '../contract/engine.ts'
import { postgresqlMajors, postgresqlServer, targetOf } from '../support/servers.ts'

const engine = createEngines().get('postgresql')

for (const major of postgresqlMajors()) {
  engineContract(`PostgreSQL ${major}`, async () => ({ engine, target: targetOf(await postgresqlServer(major)) }))
}

if (postgresqlMajors().length === 0) test.skip('PostgreSQL is left out: ENGINES or POSTGRESQL_MAJORS says so')
