import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Pair {
  /** PEM. */
  readonly certificate: string
  readonly key: string
}

/** A certificate authority of our own, for one test file. */
export interface Authority {
  readonly certificate: string
  /** `names` become subject alternative names: `DNS:db.example.test`, `IP:127.0.0.1`. */
  issue(commonName: string, names?: readonly string[]): Pair
}

export function anAuthority(commonName: string): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-ca-'))
  const inFolder = (name: string) => join(folder, name)
  openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    inFolder('ca.key'),
    '-out',
    inFolder('ca.pem'),
    '-days',
    '2',
    '-subj',
    `/CN=${commonName}`,
  )
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  let serial = 0
  return {
    certificate: readFileSync(inFolder('ca.pem'), 'utf8'),
    issue: (name, names = []) => {
      const own = inFolder(`leaf${++serial}`)
      writeFileSync(
        `${own}.ext`,
        names.length > 0 ? `subjectAltName=${names.join(',')}\n` : 'basicConstraints=CA:FALSE\n',
      )
      openssl('req', ...NEW_KEY, '-keyout', `${own}.key`, '-out', `${own}.csr`, '-subj', `/CN=${name}`)
      const signer = ['-CA', inFolder('ca.pem'), '-CAkey', inFolder('ca.key'), '-set_serial', String(serial)]
      openssl(
        'x509',
        '-req',
        '-in',
        `${own}.csr`,
        ...signer,
        '-days',
        '2',
        '-extfile',
        `${own}.ext`,
        '-out',
        `${own}.pem`,
      )
      chmodSync(`${own}.key`, 0o600)
      return { certificate: readFileSync(`${own}.pem`, 'utf8'), key: readFileSync(`${own}.key`, 'utf8') }
    },
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'] as const

function openssl(...flags: readonly string[]): void {
  const done = spawnSync('openssl', flags, { encoding: 'utf8' })
  if (done.error) throw new Error('These tests make certificates with openssl: apt-get install openssl')
  if (done.status !== 0) throw new Error(`openssl ${flags[0]} failed:\n${done.stderr}`)
}
