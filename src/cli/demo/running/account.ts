import { spawnSync } from 'node:child_process'

/** Which account runs the demo's database servers: they refuse root, so root lends them the account that owns nothing. */
export interface Account {
  readonly uid?: number
  readonly gid?: number
}

const NOBODY: Account = { uid: 65_534, gid: 65_534 }

export function accountForServers(): Account {
  return process.getuid?.() === 0 ? NOBODY : {}
}

/** Asks the system itself: can this account go there and write? A clone below /root can't be entered by others. */
export function canWorkIn(folder: string, account: Account): boolean {
  return (
    spawnSync('/bin/sh', ['-c', 'cd "$0" && test -w .', folder], { ...account, cwd: '/', stdio: 'ignore' }).status === 0
  )
}
