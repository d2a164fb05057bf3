import type { Columns, Migration } from './columns.ts'

/** Logins that go at a moment: a row for each, for the workers of all replicas to claim. */
export const expiry: Migration = {
  version: 5,
  since: '0.3.0',
  async up(make) {
    // Whoever forgets the login forgets its end.
    await make.table('expiries', EXPIRIES, table =>
      table
        .addPrimaryKeyConstraint('expiries_key', ['instanceId', 'userKey'])
        .addForeignKeyConstraint(
          'expiries_of',
          ['instanceId', 'userKey'],
          'userRecords',
          ['instanceId', 'userKey'],
          key => key.onDelete('cascade'),
        ),
    )
    await make.index('expiries_due', 'expiries', ['due', 'tryAt'])
    await make.index('expiries_of_instance', 'expiries', ['instanceId', 'tryAt'])
  },
}

const EXPIRIES: Columns = {
  instanceId: 'text',
  userKey: 'text',
  incarnation: 'text',
  due: 'number',
  tries: 'number',
  tryAt: 'number',
  worker: 'text?',
  lockedAt: 'number?',
  faultCode: 'text?',
  faultSubject: 'text?',
  faultMessage: 'text?',
  faultAt: 'number?',
}
