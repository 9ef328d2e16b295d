import { BotError } from '../core/errors.js'
import type { Clock } from '../core/ports/clock.js'
import type { EndpointProbe } from '../core/ports/endpoint-probe.js'
export function createEndpointProbe(_: { clock: Clock }): EndpointProbe {
  const no = async () => {
    throw new BotError('endpoint.unreachable', 'STUB.')
  }
  return { resolve: no, look: no, discoverVersions: no }
}
