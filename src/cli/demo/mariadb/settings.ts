import type { Place } from '../product.ts'

/** Small: a demo holds next to nothing. */
export const SIZES = ['--innodb-log-file-size=8M', '--innodb-buffer-pool-size=32M'] as const

/** Loopback alone; paths that are not absolute are in the data folder, which is closed to others and keeps the socket's path short. */
export function serverFlags(hasFirstStatements: boolean, { data, port, secretFile }: Place): readonly string[] {
  return [
    '--no-defaults',
    `--datadir=${data}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--socket=socket',
    '--pid-file=pid',
    '--skip-name-resolve',
    '--skip-log-bin',
    '--local-infile=0',
    '--character-set-server=utf8mb4',
    '--max-connections=50',
    '--aria-pagecache-buffer-size=8M',
    ...SIZES,
    ...(hasFirstStatements ? [`--init-file=${secretFile}`] : []),
  ]
}
