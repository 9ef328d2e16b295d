/** The control endpoint: what a test or the demo may change while the sandbox runs. All of a request is checked before any is done. */
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { parseDuration } from '../core/duration.js'
import { checkBody, readJson } from './body.js'
import { cloudControls, planCloudChanges } from './control-clouds.js'
import { type Fault, type Faults, faultSchema } from './faults.js'
import { ORDER_STATUSES } from './order-schemas.js'
import { badRequest, forbidden } from './refusal.js'
import { Answer } from './router.js'
import { CREDENTIAL_STATUSES, OKMS_STATES } from './schemas.js'
import { type KmipAddresses, seedOkms, type World } from './world.js'

export const CONTROL_PATH = '/sandbox/control'

/** `3s`, `20d`: checked here, so that a wrong one changes nothing. */
const duration = z.string().refine(text => {
  try {
    return parseDuration(text) >= 0
  } catch {
    return false
  }
}, 'Not a duration such as 3s, 2m, 20d')

/** A load test seeds thousands, nobody millions. */
const seedCount = z.int().min(0).max(100_000).optional()

export const controlSchema = z.strictObject({
  advance: duration.optional(),
  creating: duration.optional(),
  customerWait: duration.optional(),
  faults: z.array(faultSchema).optional(),
  deny: z.array(z.string().min(1)).optional(),
  credential: z.strictObject({ id: z.string(), status: z.enum(CREDENTIAL_STATUSES) }).optional(),
  ...cloudControls,
  kmip: z
    .strictObject({
      rotateCertificate: z.boolean().optional(),
      /** `null`: answers name no RSA endpoint; `true`: they do again. */
      kmipRsaEndpoint: z.literal([null, true]).optional(),
    })
    .optional(),
  /** `takes`: from payment to delivery. `price`: of one OKMS without tax. `id` and `status`: what becomes of one. */
  order: z
    .strictObject({
      takes: duration.optional(),
      price: z.number().min(0).optional(),
      id: z.int().optional(),
      status: z.enum(ORDER_STATUSES).optional(),
    })
    .refine(({ id, status }) => (id === undefined) === (status === undefined), 'id and status go together')
    .optional(),
  okms: z.strictObject({ id: z.string(), state: z.enum(OKMS_STATES) }).optional(),
  seed: z.strictObject({ credentials: seedCount, okms: seedCount, privateClouds: seedCount }).optional(),
})
export type ControlSettings = z.input<typeof controlSchema>

/** What holds after a change. */
export interface ControlState {
  /** ISO instant of the sandbox's clock. */
  now: string
  creating: string
  customerWait: string
  faults: Fault[]
  deny: string[]
  kmip: (KmipAddresses & { region: string; okmsId: string; kmipRsaEndpoint: string | null })[]
  okmsIds: string[]
  serviceNames: string[]
  /** How many there are of all OKMS together. */
  credentials: number
}

export interface ControlParts {
  world: World
  faults: Faults
  rotateCertificates: () => Promise<void>
}

/** @throws Refusal 400 that names what is wrong */
export async function control(
  { world, faults, rotateCertificates }: ControlParts,
  given: unknown,
): Promise<ControlState> {
  const wish = checkBody(controlSchema, given)
  const { settings, credentials } = world
  const record = wish.credential === undefined ? null : credentials.find(wish.credential.id)
  if (wish.credential !== undefined && record === null) {
    throw badRequest(`[credential.id] There is no credential ${wish.credential.id}`)
  }
  const okms = wish.okms === undefined ? null : world.okms.get(wish.okms.id)
  if (okms === undefined) throw badRequest(`[okms.id] There is no OKMS ${wish.okms?.id}`)
  const order = wish.order?.id === undefined ? null : world.orders.get(wish.order.id)
  const changeClouds = planCloudChanges(world, wish)
  // The last thing that can be refused, and it changes nothing when it is.
  const stranger = wish.faults === undefined ? null : faults.replace(wish.faults)
  if (stranger !== null) throw badRequest(`[faults.route] There is no route ${stranger}`)

  // Before the clock moves: a task that was still there when it was checked might end by itself.
  changeClouds()
  if (wish.advance !== undefined) world.clock.moveTo(world.clock.now() + parseDuration(wish.advance))
  if (wish.creating !== undefined) {
    settings.creating = wish.creating
    credentials.creatingMs = parseDuration(wish.creating)
  }
  if (wish.customerWait !== undefined) {
    settings.customerWait = wish.customerWait
    world.keyServers.customerWaitMs = parseDuration(wish.customerWait)
  }
  if (wish.order?.takes !== undefined) world.orders.deliveryMs = parseDuration(wish.order.takes)
  if (wish.order?.price !== undefined) world.carts.price = wish.order.price
  if (order !== null) world.orders.override(order, wish.order!.status!)
  world.orders.settle()
  if (wish.deny !== undefined) world.iam.deny(wish.deny)
  if (record !== null) credentials.override(record, wish.credential!.status)
  if (okms !== null) okms.state = wish.okms!.state
  if (wish.kmip?.kmipRsaEndpoint !== undefined)
    settings.showsKmipRsaEndpoint = wish.kmip.kmipRsaEndpoint !== null
  if (wish.kmip?.rotateCertificate === true) await rotateCertificates()
  seedOkms(world, wish.seed?.okms ?? 0)
  world.privateClouds.add(wish.seed?.privateClouds ?? 0)
  if (wish.seed?.credentials !== undefined) {
    const [first] = world.okms.keys()
    const identity = `urn:v1:eu:identity:group:${world.account.nichandle}/reader`
    await credentials.seed(first!, wish.seed.credentials, identity)
  }
  return stateOf(world, faults)
}

/**
 * `POST` changes and `GET` shows. Only loopback reaches it; a web page in somebody's browser is loopback too, so calls that
 * carry an `Origin` are refused.
 * @returns `null` when the path is another
 */
export function controlGate(parts: ControlParts) {
  return async (request: IncomingMessage, pathname: string, raw: Buffer): Promise<Answer | null> => {
    if (pathname !== CONTROL_PATH) return null
    if (request.headers.origin !== undefined) throw forbidden('The sandbox is not controlled from a web page')
    if (request.method === 'GET') return new Answer(stateOf(parts.world, parts.faults))
    if (request.method !== 'POST') throw badRequest('Send POST with JSON, or GET')
    return new Answer(await control(parts, readJson(raw)))
  }
}

function stateOf(world: World, faults: Faults): ControlState {
  return {
    now: new Date(world.clock.now()).toISOString(),
    creating: world.settings.creating,
    customerWait: world.settings.customerWait,
    faults: faults.pending,
    deny: [...world.iam.denied],
    kmip: [...world.okms.values()].map(({ id, region }) => {
      const addresses = world.addressesOf(region)
      const kmipRsaEndpoint = world.settings.showsKmipRsaEndpoint ? addresses.kmipRsa : null
      return { okmsId: id, region, ...addresses, kmipRsaEndpoint }
    }),
    okmsIds: [...world.okms.keys()],
    serviceNames: world.privateClouds.names(),
    credentials: world.credentials.list().length,
  }
}
