import type { Statement } from '../../engine.ts'
import { open } from '../sql.ts'

/**
 * Who makes a role on MariaDB has it, and may give it to others. Of our marks that is of no use, and the server walks through all that
 * anybody has whenever a login is made or dropped.
 */
export const letGo = (role: string): Statement => open(`revoke ${role} from current_user`)
