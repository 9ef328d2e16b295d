/**
 * A stand-in OVHcloud on loopback: the API over HTTP and HTTPS, and the KMIP ports of its regions. In memory, new at every start.
 * Leaves out the data plane of the KMS, secrets and logs.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseDuration } from '../core/duration.js'
import { movableClock, realClock } from '../core/ports/clock.js'
import { type Log, silentLog } from '../core/ports/log.js'
import { generateKeyPair } from '../pki/keys.js'
import { type Authorities, createAuthorities } from './authorities.js'
import type { TaskSnapshot } from './cloud-tasks.js'
import { CONTROL_PATH, type ControlSettings, type ControlState, control, controlGate } from './control.js'
import type { CredentialSnapshot } from './credentials.js'
import { Faults } from './faults.js'
import { createGateway } from './gateway.js'
import type { KeyServerSnapshot } from './key-servers.js'
import { newServerKeys, openKmip } from './kmip/endpoints.js'
import { whyRefused } from './kmip/judge.js'
import { hangUpWith, listen } from './listen.js'
import type { OrderSnapshot } from './orders.js'
import { createRouter } from './router.js'
import { allRoutes } from './routes/all.js'
import { TOKEN_PATH } from './routes/oauth2.js'
import { createWorld, type World } from './world.js'

const HOST = '127.0.0.1'
const DAY_MS = 24 * 60 * 60 * 1000

export interface SandboxOptions {
  /** 0, the default of all four: any free one. */
  port?: number
  tlsPort?: number
  kmipPort?: number
  kmipRsaPort?: number
  /** How long CREATING lasts, such as `3s`. */
  creating?: string
  /** How long the task of a new key server waits for the customer, such as `2s`. */
  customerWait?: string
  /** Where `ca.pem` goes; without it a folder of its own that is removed at the end. */
  dataDir?: string
  log?: Log
}

/** What `npm run sandbox` prints: all that a client needs to know. */
export interface SandboxInfo {
  url: string
  tlsUrl: string
  /** PEM: the CA of `tlsUrl` first, then those of the KMIP ports. */
  caFile: string
  /** `ip:port` of the region of the first OKMS. */
  kmip: string
  kmipRsa: string
  applicationKey: string
  applicationSecret: string
  consumerKey: string
  clientId: string
  clientSecret: string
  tokenUrl: string
  okmsIds: string[]
  serviceNames: string[]
  controlUrl: string
}

export interface Sandbox {
  readonly info: Readonly<SandboxInfo>
  /** The same as `POST controlUrl`. @throws Refusal that names what is wrong; then nothing was changed */
  control(settings: ControlSettings): Promise<ControlState>
  /** Those of one OKMS or of all, with their status now; what is gone is not among them. */
  credentials(okmsId?: string): CredentialSnapshot[]
  /** Those of one Private Cloud or of all, as they are now. */
  keyServers(serviceName?: string): KeyServerSnapshot[]
  /** Every task there was, maintenances that nobody asked for included, oldest first. */
  cloudTasks(serviceName?: string): TaskSnapshot[]
  /** Every order there was, oldest first. */
  orders(): OrderSnapshot[]
  /** Ends every connection and removes what was written. */
  close(): Promise<void>
}

/** @throws the error of the system when a port asked for is taken; BotError `input.invalid` for a wrong duration */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { creating = '3s', customerWait = '2s', log = silentLog } = options
  const creatingMs = parseDuration(creating, 'duration for creating')
  const customerWaitMs = parseDuration(customerWait, 'duration for customerWait')
  const clock = movableClock()
  const [authorities, keys] = await Promise.all([createAuthorities(realClock.now()), newServerKeys()])
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    await Promise.all(closers.splice(0).map(end => end()))
  }
  try {
    const kmip = await openKmip({
      authorities,
      keys,
      kmipPort: options.kmipPort ?? 0,
      kmipRsaPort: options.kmipRsaPort ?? 0,
      judge: (region, der) => whyRefused(world, region, der),
      now: () => clock.now(),
      log,
    })
    closers.push(kmip.close)
    const world: World = createWorld({
      clock,
      authorities,
      settings: { creating, customerWait, showsKmipRsaEndpoint: true },
      creatingMs,
      customerWaitMs,
      addressesOf: kmip.addressesOf,
    })
    const router = createRouter(allRoutes(world))
    const faults = new Faults(router)
    const controls = { world, faults, rotateCertificates: kmip.rotate }
    const gateway = createGateway({ world, router, faults, log, control: controlGate(controls) })

    const http = createHttpServer(gateway)
    const https = createHttpsServer(await serverIdentity(authorities), gateway)
    closers.push(hangUpWith(http), hangUpWith(https))
    const url = `http://${HOST}:${await listen(http, options.port ?? 0, HOST)}`
    const tlsUrl = `https://${HOST}:${await listen(https, options.tlsPort ?? 0, HOST)}`

    const { caFile, forget } = await writeCaFile(authorities, options.dataDir)
    closers.push(forget)
    return {
      info: Object.freeze({ url, tlsUrl, caFile, ...infoOf(world, url) }),
      control: settings => control(controls, settings),
      credentials: okmsId =>
        world.credentials
          .list(okmsId)
          .map(record => ({ ...world.credentials.encode(record), okmsId: record.okmsId })),
      keyServers: serviceName =>
        cloudsOf(world, serviceName)
          .flatMap(name => world.keyServers.list(name))
          .map(({ task, ...shown }) => shown),
      cloudTasks: serviceName =>
        cloudsOf(world, serviceName)
          .flatMap(name => world.cloudTasks.list(name))
          .map(({ taskId, serviceName, plan, state, description }) => ({
            taskId,
            serviceName,
            name: plan.name,
            state,
            description,
          })),
      orders: () =>
        world.orders.list().map(order => ({
          orderId: order.orderId,
          region: order.region,
          status: world.orders.statusOf(order),
          okmsId: order.delivered,
        })),
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

function cloudsOf({ privateClouds }: World, serviceName: string | undefined): string[] {
  return serviceName === undefined ? privateClouds.names() : [serviceName]
}

function infoOf(world: World, url: string): Omit<SandboxInfo, 'url' | 'tlsUrl' | 'caFile'> {
  const { application, consumer, serviceAccount } = world.keyring
  const [first] = world.okms.values()
  const { kmip, kmipRsa } = world.addressesOf(first!.region)
  return {
    kmip,
    kmipRsa,
    applicationKey: application.key,
    applicationSecret: application.secret.reveal(),
    consumerKey: consumer.key,
    clientId: serviceAccount.clientId,
    clientSecret: serviceAccount.secret.reveal(),
    tokenUrl: `${url}${TOKEN_PATH}`,
    okmsIds: [...world.okms.keys()],
    serviceNames: world.privateClouds.names(),
    controlUrl: `${url}${CONTROL_PATH}`,
  }
}

async function serverIdentity({ https }: Authorities): Promise<{ key: string; cert: string }> {
  const { privateKey, publicKeySpki } = await generateKeyPair('ec-p256')
  const cert = await https.issueServer({
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: [HOST],
    publicKeySpki,
    notBefore: new Date(realClock.now() - DAY_MS),
    notAfter: new Date(realClock.now() + 365 * DAY_MS),
  })
  return { key: privateKey.reveal(), cert }
}

async function writeCaFile(
  { https, publicCa, publicRsaCa }: Authorities,
  dataDir: string | undefined,
): Promise<{ caFile: string; forget: () => Promise<void> }> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'okms-sandbox-')))
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, [https, publicCa, publicRsaCa].map(ca => ca.certificatePem).join(''))
  return {
    caFile,
    forget: () =>
      dataDir === undefined ? rm(folder, { recursive: true, force: true }) : rm(caFile, { force: true }),
  }
}
