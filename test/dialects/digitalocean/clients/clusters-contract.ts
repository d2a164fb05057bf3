import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type {
  Adoption,
  DoCluster,
  Driver,
  FetchesCertificates,
  KnowsOptions,
  Releases,
} from '../../../support/digitalocean/driver.ts'
import { logsIn } from '../../../support/logins.ts'
import { aName, type Held, HTTPS, sqlOn } from './ground.ts'

/** What every client does with clusters. */
export function clustersContract(held: Held<Driver>): void {
  describe('clusters', () => {
    test('a server under management is one, and complete', async () => {
      const { driver, cluster, server } = held
      const read = await driver.cluster(cluster)
      const { host, port, username: user } = server
      expect(read).toMatchObject({ id: cluster, engine: 'pg', status: 'online', num_nodes: 1 })
      expect(read.connection).toMatchObject({ host, port, user })
      expect(new URL(read.connection.uri).port).toBe(String(port))
      expect(new Date(read.created_at).getTime()).toBeLessThanOrEqual(Date.now())
      expect((await driver.clusters()).map(({ id }) => id)).toEqual([cluster])
    })

    test('creating one adopts the server that is there under the asked name', async () => {
      const { driver, cluster } = held
      const wish = await adoptionOf(held, 'billing')
      expect(await driver.adopt(wish)).toMatchObject({ id: cluster, ...wish })
      expect((await driver.clusters()).map(({ name }) => name)).toEqual(['billing'])
      const refused = expect.objectContaining({ status: 422 })
      await expect(driver.adopt({ ...wish, name: 'another' })).rejects.toEqual(refused)
      await expect(driver.adopt({ ...wish, region: 'nyc1' })).rejects.toEqual(refused)
      await expect(driver.adopt({ ...wish, engine: 'mysql' })).rejects.toEqual(refused)
    })
  })
}

/** The same for a client that can let one go. */
export function releaseContract(held: Held<Releases>): void {
  test('deleting a cluster releases it; its server loses nothing, and may be adopted again', async () => {
    const { driver, cluster, server, running } = held
    const name = aName('stays')
    await sqlOn(server, `create database ${name}`)
    const wish = await adoptionOf(held, (await driver.cluster(cluster)).name)
    await driver.release(cluster)
    await expect(driver.cluster(cluster)).rejects.toMatchObject({ status: 404, message: 'cluster not found' })
    expect((await driver.clusters()) ?? []).toEqual([])
    expect((await running.native('GET', `/instances/${cluster}`)).status).toBe(200)
    expect(await logsIn(server, server.username, server.password, name)).toBe(true)
    expect(await driver.adopt(wish)).toMatchObject({ id: cluster, name: wish.name })
    expect((await driver.cluster(cluster)).id).toBe(cluster)
    await sqlOn(server, `drop database ${name}`)
  })
}

/** The same for a client that asks what could be adopted. */
export function optionsContract(held: Held<KnowsOptions>): void {
  test('the options offer each server as a region', async () => {
    const { driver, cluster } = held
    const { region, version } = await driver.cluster(cluster)
    const { pg } = await driver.options()
    expect(pg!.regions).toContain(region)
    expect(pg!.versions).toContain(version)
  })
}

/** The same for a client that fetches the certificate which a connection was given. */
export function certificateContract(held: Held<FetchesCertificates>): void {
  test('the certificate authority comes as the PEM that it is', async () => {
    const { driver, cluster, running, server } = held
    const ca = readFileSync(HTTPS['--tls-cert'], 'utf8')
    const made = await running.connect({ ...server, host: 'db.example.test' }, { tls: { mode: 'verify-full', ca } })
    expect(await driver.certificate(made.instance)).toBe(ca)
    await running.native('DELETE', `/connections/${made.connection}`)
    await expect(driver.certificate(cluster)).rejects.toMatchObject({ status: 404 })
  })
}

async function adoptionOf({ driver, cluster }: Held<Driver>, name: string): Promise<Adoption> {
  const { engine, version, region }: DoCluster = await driver.cluster(cluster)
  return { name, engine, version, region, size: 'byo', num_nodes: 1 }
}
