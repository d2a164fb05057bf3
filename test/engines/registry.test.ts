import { expect, test } from 'vitest'
import { Secret } from '../../src/domain/secret.ts'
import { ENGINES } from '../../src/domain/servers/instance.ts'
import type { Target } from '../../src/engines/engine.ts'
import { createEngines } from '../../src/engines/registry.ts'

const engines = createEngines()
const target = { hosts: [] } as unknown as Target
const session = { installation: 'a', operation: 'b' }

test('every engine that has a name has a description of that name', () => {
  expect(engines.list().map(({ about }) => about.name)).toEqual([...ENGINES])
  for (const { about } of engines.list()) expect(about.defaultPort).toBeGreaterThan(0)
})

test('PostgreSQL, the MySQL family and MongoDB are driven, the others are described', () => {
  expect(ENGINES.filter(name => engines.isDriven(name))).toEqual(['postgresql', 'mysql', 'mongodb'])
})

test.each(ENGINES.filter(name => !engines.isDriven(name)))(
  '%s says that it is not driven yet, whatever it is asked',
  async name => {
    const engine = engines.get(name)
    const unsupported = { code: 'unsupported', subject: 'server' }
    await expect(engine.open(target, session, AbortSignal.timeout(100))).rejects.toMatchObject(unsupported)
    await expect(engine.endSession(target, session, AbortSignal.timeout(100))).rejects.toMatchObject(unsupported)
    await expect(
      engine.canLogIn(target, { name: 'x' }, new Secret('x'), AbortSignal.timeout(100)),
    ).rejects.toMatchObject(unsupported)
    await using pool = engine.pool(target, { max: 1, idleMs: 1 })
    await expect(pool.use(AbortSignal.timeout(100), async () => 1)).rejects.toMatchObject(unsupported)
  },
)

test('connection strings quote what their clients would stumble over', () => {
  const strings = engines.get('postgresql').connectionStrings({
    host: '::1',
    port: 5432,
    database: 'a/b c',
    name: "o'brien",
    password: 'p@ss:w/"rd\\',
    tls: 'verify-full',
  })
  expect(strings).toEqual({
    uri: "postgresql://o'brien:p%40ss%3Aw%2F%22rd%5C@[::1]:5432/a%2Fb%20c?sslmode=verify-full",
    psql: `psql 'host=::1 port=5432 dbname='"'"'a/b c'"'"' user='"'"'o\\'"'"'brien'"'"' password='"'"'p@ss:w/"rd\\\\'"'"' sslmode=verify-full'`,
    jdbc: "jdbc:postgresql://[::1]:5432/a%2Fb%20c?user=o'brien&password=p%40ss%3Aw%2F%22rd%5C&sslmode=verify-full",
    npgsql: `Host=::1;Port=5432;Database="a/b c";Username="o'brien";Password="p@ss:w/""rd\\";SSL Mode=VerifyFull`,
  })
})

test('so do those of the MySQL family', () => {
  const strings = engines.get('mysql').connectionStrings({
    host: '::1',
    port: 3306,
    database: 'a/b c',
    name: "o'brien",
    password: 'p@ss:w/"rd\\',
    tls: 'verify-full',
  })
  expect(strings).toEqual({
    uri: 'mysql://o%27brien:p%40ss%3Aw%2F%22rd%5C@[::1]:3306/a%2Fb%20c?ssl-mode=VERIFY_IDENTITY',
    mysql: `mysql --host=::1 --port=3306 '--user=o'"'"'brien' '--password=p@ss:w/"rd\\' --ssl-mode=VERIFY_IDENTITY 'a/b c'`,
    jdbc: 'jdbc:mysql://[::1]:3306/a%2Fb%20c?user=o%27brien&password=p%40ss%3Aw%2F%22rd%5C&sslMode=VERIFY_IDENTITY',
    dotnet: `Server=::1;Port=3306;Database="a/b c";User ID="o'brien";Password="p@ss:w/""rd\\";SSL Mode=VerifyFull`,
  })
})
