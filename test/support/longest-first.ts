import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take longest, the longest first: whoever is left with one of them at the end is waited for by everybody. Small files start
 * most of the processes, so their size says nothing. What keeps the machine busy stands beside what waits.
 */
const LONGEST = [
  'test/crash/users-drill.test.ts',
  'test/dialects/atlas/users/set-back.test.ts',
  'test/cli/demo-mongodb.test.ts',
  'test/crash/things-drill.test.ts',
  'test/dialects/atlas/users/waiting.test.ts',
  'test/dialects/trove/clients/troveclient.test.ts',
  'test/dialects/atlas/users/joining.test.ts',
  'test/cli/demo-mariadb.test.ts',
  'test/dialects/atlas/users/refused-drop.test.ts',
  'test/dialects/digitalocean/clients/replays.test.ts',
  'test/crash/project-users.test.ts',
  'test/dialects/digitalocean/project-users/away.test.ts',
  'test/dialects/atlas/users/taken-over.test.ts',
  'test/access/matrix.test.ts',
  'test/dialects/atlas/users/behind-the-project.test.ts',
  'test/cli/demo.test.ts',
  'test/crash/mongodb-users-drill.test.ts',
  'test/services/expiry/shut-out-by-others.test.ts',
  'test/strain/replicas.test.ts',
  'test/services/expiry/away.test.ts',
  'test/crash/mysql-users-drill.test.ts',
  'test/dialects/atlas/roles/meanwhile.test.ts',
  'test/strain/misbehaving-wiremock.test.ts',
  'test/dialects/atlas/users/eventual.test.ts',
  'test/crash/mongodb-digitalocean-drill.test.ts',
  'test/dialects/atlas/users/meanwhile.test.ts',
  'test/crash/mysql-things-drill.test.ts',
  'test/crash/random-kills.test.ts',
  'test/ledger/ledger.test.ts',
  'test/strain/misbehaving.test.ts',
  'test/dialects/digitalocean/project-users/',
  'test/services/expiry/',
  'test/dialects/atlas/',
  'test/crash/',
  'test/ledger/',
  'test/cli/',
  'test/strain/',
  'test/hostile/',
  'test/dialects/trove/clients/',
  'test/services/',
  'test/engines/',
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
