import { type ChildProcess, spawn } from 'node:child_process'

/**
 * Ends what is still running, each with the signal that it was named with, when its input ends: that is when the process of a test file is
 * gone, whether it came to its end, was ended, or was killed.
 */
const WATCH = `
while read -r what pid signal; do
  rest=
  for one in $all; do case $one in *:$pid) ;; *) rest="$rest $one" ;; esac; done
  all=$rest
  case $what in begun) all="$all $signal:$pid" ;; esac
done
for one in $all; do kill -s "\${one%%:*}" "\${one##*:}"; done
`

let watching: NodeJS.WritableStream | undefined

function watcher(): NodeJS.WritableStream {
  if (watching) return watching
  // A group of its own: Ctrl-C, which ends us, is not for it.
  const child = spawn('/bin/sh', ['-c', WATCH], { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.on('error', () => undefined)
  child.unref()
  ;(child.stdin as unknown as { unref(): void }).unref()
  watching = child.stdin
  return watching
}

/** A process that a test starts outlives neither its own test file nor a run that was killed, whatever failed before somebody stopped it. */
export function endsWithUs<Child extends ChildProcess>(child: Child, signal: 'KILL' | 'QUIT' | 'TERM' = 'KILL'): Child {
  const { pid } = child
  if (pid === undefined) return child
  watcher().write(`begun ${pid} ${signal}\n`)
  child.once('exit', () => watcher().write(`ended ${pid}\n`))
  return child
}
