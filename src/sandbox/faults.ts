/** Ways for an answer to go wrong, set through the control endpoint and matched by route. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { Answer, type Route, type Router } from './router.js'

/**
 * `status`: an error answer; `html`: the page of a front end (408 unless said otherwise); `hang`: no answer until the client
 * gives up; `cut-before`: the connection ends, nothing was done; `cut-after`: it was done, and the connection ends without an
 * answer; `delay`: answered `ms` of real time later.
 */
export const faultSchema = z
  .strictObject({
    /** Method and path template, such as `GET /v2/okms/resource/{okmsId}`. */
    route: z.string(),
    do: z.enum(['status', 'html', 'hang', 'cut-before', 'cut-after', 'delay']),
    status: z.int().min(400).max(599).optional(),
    /** Seconds, sent as `Retry-After`. */
    retryAfter: z.int().min(0).optional(),
    ms: z.int().min(0).max(600_000).optional(),
    /** How many calls it meets; without it all, until faults are set anew. */
    times: z.int().min(1).optional(),
    class: z.string().optional(),
    message: z.string().optional(),
  })
  .refine(
    fault => fault.do !== 'status' || fault.status !== undefined,
    '"do": "status" needs a "status" of 400 to 599',
  )
  .refine(fault => fault.do !== 'delay' || fault.ms !== undefined, '"do": "delay" needs "ms"')
export type Fault = z.output<typeof faultSchema>

export class Faults {
  readonly #router: Router
  #faults: Fault[] = []

  constructor(router: Router) {
    this.#router = router
  }

  /** What is still to come, with the remaining `times`. */
  get pending(): Fault[] {
    return this.#faults.map(fault => ({ ...fault }))
  }

  /** Replaces all. @returns the name of a route that does not exist; then nothing is replaced */
  replace(faults: readonly Fault[]): string | null {
    const stranger = faults.find(fault => this.#router.named(fault.route) === null)
    if (stranger !== undefined) return stranger.route
    this.#faults = faults.map(fault => ({ ...fault }))
    return null
  }

  /** The fault this call meets, counted down; `null` when there is none. */
  take(route: Route): Fault | null {
    const fault = this.#faults.find(({ route: name }) => this.#router.named(name) === route)
    if (fault === undefined) return null
    if (fault.times !== undefined) fault.times -= 1
    if (fault.times === 0) this.#faults = this.#faults.filter(other => other !== fault)
    return { ...fault }
  }
}

/** What becomes of the connection instead of an answer. */
export type Cut = 'hang' | 'cut'

/** What a fault does before the call is looked at; `null`: the call goes on. */
export async function sufferBefore(fault: Fault | null): Promise<Answer | Cut | null> {
  switch (fault?.do) {
    case 'status':
      return new Answer(errorBody(fault), { status: fault.status!, headers: retryHeaders(fault) })
    case 'html':
      return htmlOf(fault)
    case 'hang':
      return 'hang'
    case 'cut-before':
      return 'cut'
    case 'delay':
      // Not awaited by a stopping sandbox.
      await sleep(fault.ms, undefined, { ref: false })
      return null
    default:
      return null
  }
}

/** Classes that public sources show; none is known of a 429 or a 5xx. */
const CLASSES: Readonly<Record<number, string>> = {
  400: 'Client::BadRequest',
  401: 'Client::Unauthorized',
  403: 'Client::Forbidden',
  404: 'Client::NotFound',
}

function errorBody(fault: Fault): Record<string, string> {
  const errorClass = fault.class ?? CLASSES[fault.status!]
  return {
    ...(errorClass === undefined ? {} : { class: errorClass }),
    message: fault.message ?? `The sandbox was told to answer ${fault.status}`,
  }
}

/** Front ends answer HTML on timeouts (kubernetes-sigs/external-dns issue 1546). */
function htmlOf(fault: Fault): Answer {
  const status = fault.status ?? 408
  return new Answer(
    `<html><body><h1>${status}</h1>\nThe sandbox was told to answer this page.\n</body></html>\n`,
    {
      status,
      html: true,
      headers: retryHeaders(fault),
    },
  )
}

function retryHeaders({ retryAfter }: Fault): Record<string, string> {
  return retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }
}
