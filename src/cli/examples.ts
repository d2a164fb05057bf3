import type { Command } from 'commander'

/** Lines to copy, by command; every command that does something has some. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  'rolecall serve': [
    'rolecall serve --data /var/lib/rolecall --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
    'rolecall serve --config rolecall.yaml --network-allow 127.0.0.1:5432',
  ],
  'rolecall demo': ['rolecall demo --port 0 --engines postgresql,mongodb', 'rolecall demo --fresh --json'],
  'rolecall keys create': [
    'rolecall keys create --role editor --expires P90D --description "deploy of shop"',
    'rolecall keys create --project shop --role viewer --scope database:read --network 10.0.0.0/8 --json',
  ],
  'rolecall keys list': ['rolecall keys list --project shop'],
  'rolecall keys revoke': ['rolecall keys revoke ifsmeexy'],
  'rolecall projects create': ['rolecall projects create shop --alias 1234'],
  'rolecall projects list': ['rolecall projects list --json'],
  'rolecall projects show': ['rolecall projects show shop'],
  'rolecall projects rename': ['rolecall projects rename shop store'],
  'rolecall projects delete': ['rolecall projects delete shop'],
  'rolecall operators add': ['rolecall operators add grace --email grace@example.com --project shop --role admin'],
  'rolecall operators list': ['rolecall operators list'],
  'rolecall operators set-role': [
    'rolecall operators set-role grace viewer --project shop',
    'rolecall operators set-role grace none --project shop',
  ],
  'rolecall operators disable': ['rolecall operators disable grace'],
  'rolecall operators enable': ['rolecall operators enable grace'],
  'rolecall backup': ['rolecall backup rolecall-monday.backup --data /var/lib/rolecall'],
  'rolecall restore': [
    'rolecall restore rolecall-monday.backup --data /var/lib/rolecall',
    'ROLECALL_STORE=postgres://roll:…@db/rolecall rolecall restore rolecall-monday.backup',
  ],
  'rolecall store copy': ['rolecall store copy --from /var/lib/rolecall --to env:NEW_STORE'],
  'rolecall master-key rotate': ['rolecall master-key rotate --data /var/lib/rolecall'],
  'rolecall master-key show': ['rolecall master-key show --json'],
  'rolecall master-key reseal': ['rolecall master-key reseal --data /var/lib/rolecall'],
  'rolecall master-key reset': ['rolecall master-key reset', 'rolecall master-key reset --yes'],
}

/** Gives a command and those below it their examples, and errors that name the help of the very command. */
export function addExamples(command: Command, above = 'rolecall'): void {
  const name = `${above} ${command.name()}`
  const lines = EXAMPLES[name]
  if (lines) command.addHelpText('after', `\nExamples:\n${lines.map(line => `  ${line}`).join('\n')}`)
  command.showHelpAfterError(`(${name} --help tells more)`)
  for (const one of command.commands) addExamples(one, name)
}
