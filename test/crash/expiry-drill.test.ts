import { EVERY } from './drill/crash-drill.ts'
import { expiryDrill } from './drill/expiry-drill.ts'
import { onPostgresql } from './drill/on.ts'

expiryDrill({ part: 'expiry', start: onPostgresql, title: 'a login whose time is over', logins: 1, every: EVERY })
