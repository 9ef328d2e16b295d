/** Whether the KMIP endpoints of every OKMS can be reached from here, and show certificates of their own CA. */
import { BotError } from '../core/errors.js'
import type { Finding } from '../core/finding.js'
import type { Checkup } from '../core/ports/checkup.js'
import { type EndpointProbe, parseEndpoint } from '../core/ports/endpoint-probe.js'
import type { OkmsPort } from '../core/ports/okms.js'

const KMIP_PORT = 5696
/** A region's endpoints are those of all its OKMS; so many are looked at. */
const MOST = 20

export function createKmipCheckup(okms: Pick<OkmsPort, 'list' | 'show'>, probe: EndpointProbe): Checkup {
  async function look(name: string, address: string, trustedCa: string | null): Promise<Finding> {
    const endpoint = parseEndpoint(address, KMIP_PORT)
    if (!endpoint) return { state: 'bad', what: `KMIP of ${name}: "${address}" is no address` }
    try {
      const seen = await probe.look(endpoint, { trustedCa })
      if (seen.trusted === false) {
        return {
          state: 'bad',
          what: `KMIP ${address} of ${name} shows a certificate that is not to be trusted: ${seen.distrust}`,
          mend: `/okms thumbprint ${address} shows it; ask OVHcloud before anything trusts it.`,
        }
      }
      return { state: 'good', what: `KMIP ${address} of ${name}, ${seen.tlsVersion}, ${seen.elapsedMs} ms` }
    } catch (thrown) {
      const { message, hint } = BotError.from(thrown)
      return {
        state: 'bad',
        what: `KMIP ${address} of ${name}: ${message}`,
        mend: hint ?? `Let the workers reach ${address} by TCP.`,
      }
    }
  }

  return {
    name: 'KMIP endpoints',
    async examine(signal) {
      const all = await okms.list(signal)
      const byRegion = [...new Map(all.map(one => [one.kmipEndpoint, one])).values()].slice(0, MOST)
      const found = await Promise.all(
        byRegion.map(async ({ id, name }) => {
          const shown = await okms.show(id, signal)
          if (!shown) return []
          const { kmipEndpoint, kmipRsaEndpoint, publicCa, publicRsaCa } = shown
          return Promise.all([
            look(name, kmipEndpoint, publicCa),
            ...(kmipRsaEndpoint === null ? [] : [look(name, kmipRsaEndpoint, publicRsaCa)]),
          ])
        }),
      )
      return found.flat()
    },
  }
}
