import { randomUUID } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { atlasDialect } from './dialects/atlas/plugin.ts'
import { mayBeGranted } from './dialects/atlas/users/role-names.ts'
import { digitaloceanDialect } from './dialects/digitalocean/plugin.ts'
import { nativeDialect } from './dialects/native/plugin.ts'
import { versionsAnswer } from './dialects/trove/front.ts'
import { troveDialect } from './dialects/trove/plugin.ts'
import { wiremockDialect } from './dialects/wiremock/plugin.ts'
import { createEngines, type Engines } from './engines/registry.ts'
import { createLog } from './http/log.ts'
import { expiryMetrics } from './http/metrics/expiry.ts'
import { createMetrics } from './http/metrics/metrics.ts'
import { operationMetrics } from './http/metrics/operations.ts'
import { countPerKey } from './http/rate.ts'
import { createHttp } from './http/server.ts'
import { expiryLag } from './jobs/expiry-lag.ts'
import { createExpiryWorker } from './jobs/expiry-worker.ts'
import { createLookingWorker } from './jobs/looking-worker.ts'
import { operationLag } from './jobs/operation-lag.ts'
import { createWorker } from './jobs/worker.ts'
import { createFanOut } from './ledger/fan-out/perform.ts'
import { createLeases } from './ledger/leases.ts'
import { createLedger } from './ledger/ledger.ts'
import { createLinks } from './services/links/links.ts'
import type { TargetRules } from './services/links/targets.ts'
import { createNetworkGuard } from './services/network/network-guard.ts'
import { rehearsable } from './services/operations/rehearsal.ts'
import { createDrift } from './services/project-users/drift.ts'
import { createJoining } from './services/project-users/joining.ts'
import type { ProjectRules } from './services/project-users/project-user.ts'
import { createServices, type Services } from './services/services.ts'
import { createExpiring } from './services/users/expiry.ts'
import type { Settings } from './settings/settings.ts'
import { storeEndpoint, storeOptions } from './settings/store.ts'
import { openStore } from './store/open.ts'
import type { Store } from './store/store.ts'
import { VERSION } from './version.ts'

/** What reaches outside of the process: the only things that another entry file may want to wire differently. */
export interface Parts {
  readonly store: Store
  readonly engines: Engines
  readonly log: Logger
}

/** A Rolecall that is wired and not yet listening. */
export interface App {
  readonly http: FastifyInstance
  readonly store: Store
  readonly services: Services
  /** Listens, and begins to look after operations that were left behind; answers the URL. */
  start(): Promise<string>
  /** Stops accepting, finishes what runs, closes. */
  stop(): Promise<void>
}

const DIALECTS = ['native', 'wiremock', 'digitalocean', 'trove', 'atlas']

export async function realParts(settings: Settings): Promise<Parts> {
  const store = await openStore(storeOptions(settings, true))
  return { store, engines: createEngines(), log: createLog(settings.log.level) }
}

export async function createApp(settings: Settings, parts?: Parts): Promise<App> {
  const { store: realStore, engines, log } = parts ?? (await realParts(settings))
  const store = rehearsable(realStore)
  const metrics = createMetrics()
  const http = createHttp({ settings, log, ready: () => store.ping(), metrics })
  const rules = targetRulesOf(settings, http)
  const links = createLinks({ store, engines, rules, ...settings.limits })
  const leases = createLeases(store, randomUUID())
  const onFault = (error: unknown) => log.error({ err: error }, 'worker failed')
  const worker = createWorker({ store, links, leases, deadlineMs: 3 * settings.timeouts.statementMs, onFault })
  const ledger = createLedger({ store, links, leases, onPostponed: worker.wake })
  const fanOut = createFanOut({ store, links, leases, onPostponed: worker.wake })
  const projectRules = projectRulesOf(settings)
  const ofProjects = { store, links, fanOut, rules: projectRules }
  const joiningWorker = createLookingWorker(createJoining(ofProjects), settings.atlas.lookMs, onFault)
  const drift = createDrift({ ...ofProjects, mayGrant: mayBeGranted })
  const driftWorker = createLookingWorker(drift, settings.atlas.lookMs, onFault)
  const services = createServices({
    store,
    engines,
    links,
    ledger,
    fanOut,
    projectRules,
    rules,
    installationPolicy: settings.policy,
    digest: { algorithm: settings.atlas.digestAlgorithm, nonceSeconds: settings.atlas.nonceSeconds },
    wakeWorker: worker.wake,
    onTestFailure: fault => log.info({ err: fault }, 'a connection test failed'),
  })
  const expiryWorker = createExpiryWorker({
    store,
    expiring: createExpiring({ store, links, ledger, installationPolicy: settings.policy }),
    worker: leases.worker,
    // One is left for whoever asks meanwhile.
    links: Math.max(1, settings.limits.linksPerInstance - 1),
    deadlineMs: 2 * settings.timeouts.statementMs,
    onFault,
    onStep: expiryMetrics(metrics.registry, () => expiryLag(store)),
  })
  operationMetrics(metrics.registry, () => operationLag(store))
  await registerDialects(http, settings, services)
  const workers = [worker, expiryWorker, joiningWorker, driftWorker]

  async function start(): Promise<string> {
    for (const one of workers) await one.start()
    const url = await http.listen({ host: settings.host, port: settings.port })
    return settings.publicUrl ?? url
  }

  async function stop(): Promise<void> {
    await http.close()
    await Promise.all(workers.map(one => one.stop()))
    leases[Symbol.dispose]()
    await links[Symbol.asyncDispose]()
    await store.close()
  }

  return { http, store, services, start, stop }
}

async function registerDialects(http: FastifyInstance, settings: Settings, services: Services): Promise<void> {
  const parts = {
    services,
    countRequest: countPerKey(settings.limits.ratePerMinute),
    ratePerMinute: settings.limits.ratePerMinute,
    requestTimeoutMs: settings.timeouts.requestMs,
    version: VERSION,
    dialects: DIALECTS,
  }
  await http.register(nativeDialect, parts)
  await http.register(wiremockDialect, parts)
  await http.register(digitaloceanDialect, parts)
  await http.register(troveDialect, { ...parts, publicUrl: settings.publicUrl, wishes: settings.trove })
  await http.register(atlasDialect, { ...parts, publicUrl: settings.publicUrl, rules: settings.atlas })
  http.decorate('answerFront', versionsAnswer(settings))
}

function targetRulesOf(settings: Settings, http: FastifyInstance): TargetRules {
  const listening = () =>
    http.addresses().flatMap(one => (typeof one === 'string' ? [] : [{ host: one.address, port: one.port }]))
  return {
    guard: createNetworkGuard(settings.network, { listening, store: storeEndpoint(settings) }),
    credentials: settings.credentials.allow,
    statementTimeoutMs: settings.timeouts.statementMs,
  }
}

/** Users that belong to a project are those of the one API that has such. */
function projectRulesOf({ atlas }: Settings): ProjectRules {
  return {
    ...atlas,
    dialect: 'atlas',
    clusterType: 'CLUSTER',
    perInstanceMs: atlas.clusterMs,
    mostUsers: atlas.limits.users,
    mostRoles: atlas.limits.customRoles,
  }
}
