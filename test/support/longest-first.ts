import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take longest, the longest first: whoever is left with one of them at the end is waited for by everybody. Small files start
 * most of the processes, so their size says nothing. What keeps the machine busy stands beside what waits.
 */
const LONGEST = [
  'test/crash/users-drill.test.ts',
  'test/crash/things-drill.test.ts',
  'test/strain/misbehaving-wiremock.test.ts',
  'test/cli/demo-mongodb.test.ts',
  'test/dialects/trove/clients/troveclient.test.ts',
  'test/dialects/atlas/users/joining.test.ts',
  'test/access/matrix.test.ts',
  'test/crash/mysql-users-drill.test.ts',
  'test/dialects/digitalocean/clients/replays.test.ts',
  'test/dialects/atlas/users/eventual.test.ts',
  'test/cli/demo-mariadb.test.ts',
  'test/crash/project-users.test.ts',
  'test/crash/mysql-things-drill.test.ts',
  'test/dialects/atlas/users/meanwhile.test.ts',
  'test/cli/demo.test.ts',
  'test/dialects/atlas/users/away.test.ts',
  'test/strain/replicas.test.ts',
  'test/crash/mongodb-users-drill.test.ts',
  'test/services/expiry/shut-out-by-others.test.ts',
  'test/services/expiry/away.test.ts',
  'test/crash/mongodb-things-drill.test.ts',
  'test/strain/misbehaving.test.ts',
  'test/crash/expiry-crowd-drill.test.ts',
  'test/services/expiry/mongodb.test.ts',
  'test/crash/digitalocean-drill.test.ts',
  'test/ledger/ledger.test.ts',
  'test/dialects/atlas/roles/',
  'test/dialects/atlas/users/',
  'test/dialects/digitalocean/project-users/',
  'test/crash/',
  'test/services/',
  'test/cli/',
  'test/strain/',
  'test/engines/',
  'test/ledger/',
  'test/hostile/',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification) => {
      const path = relative(project.config.root, moduleId)
      const at = LONGEST.findIndex(long => path.startsWith(long))
      return at < 0 ? LONGEST.length : at
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
