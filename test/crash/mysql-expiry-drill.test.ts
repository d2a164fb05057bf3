import { test } from 'vitest'
import { EVERY } from './drill/crash-drill.ts'
import { expiryDrill } from './drill/expiry-drill.ts'
import { onMysqlFamily } from './drill/on.ts'

const WISH = { part: 'ends', title: 'a login whose time is over', logins: 1, every: EVERY }

if (onMysqlFamily) expiryDrill({ ...WISH, start: onMysqlFamily })
else test.skip('The MySQL family is left out: ENGINES says so')
