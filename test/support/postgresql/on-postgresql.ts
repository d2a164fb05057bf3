import { describe, test } from 'vitest'
import { postgresqlMajorsOf } from '../servers.ts'

/** The same tests on each of these majors, as far as the run isn't narrowed; `%d` in the title is the major. */
export function onPostgresql(wanted: readonly number[], title: string, body: (major: number) => void): void {
  const majors = postgresqlMajorsOf(...wanted)
  if (majors.length > 0) {
    describe.each(majors)(title, body)
    return
  }
  describe(title.replace('%d', wanted.join(', ')), () => {
    test.skip('left out: ENGINES says so', () => {})
  })
}
