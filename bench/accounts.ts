import type { Connection } from 'mysql2/promise'
import { mysqlClient } from '../test/support/mariadb/logins.ts'
import { mariadbServer } from '../test/support/servers.ts'
import { median } from './load.ts'
import { pageCost } from './page-cost.ts'
import { type Rolecall, startRolecall } from './servers.ts'

const SIZES = (process.env.ROLECALL_BENCH_SIZES ?? '1000,100000').split(',').map(Number)
const CHANGES = 20

const accountName = (n: number) => `bench_${String(n).padStart(8, '0')}`

/** What a page of 100 and a new login cost on MariaDB as the list grows: no index there has the order of a list. */
export async function benchAccounts(): Promise<void> {
  const server = await mariadbServer()
  const engine = await mysqlClient(server)
  await using rolecall = await startRolecall(server)
  console.log('\nA page of 100 logins from the middle, and a login made and dropped, on MariaDB (medians)')
  for (const size of SIZES) {
    await makeAccounts(engine, size)
    const page = await pageCost(rolecall.url, rolecall.key, rolecall.instance, `${accountName(Math.floor(size / 2))}@%`)
    const { made, dropped } = await changeCost(rolecall)
    const cost = [`page ${page.toFixed(1)} ms`, `made ${made.toFixed(1)} ms`, `dropped ${dropped.toFixed(1)} ms`]
    console.log(`  ${String(size).padStart(9)} logins   ${cost.join('   ')}`)
  }
  await forget(engine)
  await engine.end()
}

/** Accounts as Rolecall leaves them, each with its marker role and a grant: written into the tables, since 100,000 statements take an hour. */
async function makeAccounts(engine: Connection, count: number): Promise<void> {
  await forget(engine)
  const [n, role] = [`lpad(s.seq, 8, '0')`, `concat('rolecall_bench000_op_', lpad(s.seq, 8, '0'))`]
  const [name, from] = [`concat('bench_', ${n})`, `from mysql.seq_0_to_${count - 1} s`]
  const account = `'{"access":0,"plugin":"mysql_native_password","authentication_string":"*0123456789012345678901234567890123456789"}'`
  await engine.query(`insert into mysql.global_priv select '%', ${name}, ${account} ${from}`)
  await engine.query(`insert into mysql.global_priv select '', ${role}, '{"access":0,"is_role":true}' ${from}`)
  await engine.query(`insert into mysql.roles_mapping select '%', ${name}, ${role}, 'N' ${from}`)
  await engine.query(`insert into mysql.db (Host, Db, User, Select_priv) select '%', 'bench', ${name}, 'Y' ${from}`)
  await engine.query('flush privileges')
}

async function forget(engine: Connection): Promise<void> {
  await engine.query("delete from mysql.db where User like 'bench\\_%'")
  await engine.query("delete from mysql.roles_mapping where Role like 'rolecall\\_bench%'")
  await engine.query("delete from mysql.global_priv where User like 'bench\\_%' or User like 'rolecall\\_bench%'")
  await engine.query('flush privileges')
}

async function changeCost({
  url,
  key,
  instance,
}: Rolecall): Promise<{ readonly made: number; readonly dropped: number }> {
  const users = `${url}/rolecall/v1/instances/${instance}/users`
  const ask = async (method: string, address: string, body?: object) => {
    const began = performance.now()
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) })
    if (!answer.ok) throw new Error(await answer.text())
    await answer.arrayBuffer()
    return performance.now() - began
  }
  const [made, dropped]: [number[], number[]] = [[], []]
  for (let n = 0; n < CHANGES; n++) {
    made.push(await ask('POST', users, { name: `changed_${n}` }))
    dropped.push(await ask('DELETE', `${users}/changed_${n}`))
  }
  return { made: median(made), dropped: median(dropped) }
}
