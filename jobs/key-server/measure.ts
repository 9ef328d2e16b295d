/** What a Private Cloud shall trust, measured by the bot itself: the addresses and certificates of an OKMS's KMIP endpoint for vSphere. */
import {
  BotError,
  type EndpointProbe,
  type Okms,
  type OkmsPort,
  parseEndpoint,
} from '../../src/core/index.js'

/** The port with an RSA certificate, the one for vSphere. */
export const KMIP_RSA_PORT = 5697

export interface Measured {
  host: string
  port: number
  /** One key server each, sorted by address. */
  addresses: MeasuredAddress[]
  /** The OKMS that answer there, the one asked for first: an endpoint belongs to a region, not to one OKMS. */
  okms: { id: string; name: string }[]
}

export interface MeasuredAddress {
  ip: string
  sha1: string
  sha256: string
  /** ISO instant. */
  notAfter: string
  /** `null`: the OKMS publishes no CA to judge by. */
  trusted: boolean | null
  distrust: string | null
}

export interface Eyes {
  okms: Pick<OkmsPort, 'show' | 'list'>
  probe: EndpointProbe
}

/** @throws BotError `input.not-found` for an OKMS that is none, `endpoint.*` when it cannot be measured */
export async function measureOkms(okmsId: string, { okms, probe }: Eyes): Promise<Measured> {
  const found = await okms.show(okmsId)
  if (!found) throw new BotError('input.not-found', `There is no OKMS ${okmsId} any more.`)
  const address = found.kmipRsaEndpoint ?? found.kmipEndpoint
  const endpoint = parseEndpoint(address, KMIP_RSA_PORT)
  if (!endpoint) throw new BotError('ovh.unexpected', `OVHcloud gives "${address}" as a KMIP address.`)
  const behind = behindEndpoint(found, await okms.list())
  const trustedCa = found.kmipRsaEndpoint === null ? found.publicCa : found.publicRsaCa
  const addresses = await Promise.all(
    (await probe.resolve(endpoint.host)).map(async ip => {
      const { sha1, sha256, notAfter, trusted, distrust } = await probe.look(endpoint, {
        address: ip,
        trustedCa,
      })
      return { ip, sha1, sha256, notAfter, trusted, distrust }
    }),
  )
  return { ...endpoint, addresses, okms: behind }
}

/** Every OKMS that is reached where this one is, itself first. */
export function behindEndpoint(
  okms: Pick<Okms, 'id' | 'name' | 'kmipEndpoint' | 'kmipRsaEndpoint'>,
  all: readonly Okms[],
): Measured['okms'] {
  const addressOf = (one: typeof okms) => one.kmipRsaEndpoint ?? one.kmipEndpoint
  return [okms, ...all.filter(one => one.id !== okms.id && addressOf(one) === addressOf(okms))].map(
    ({ id, name }) => ({ id, name }),
  )
}

/**
 * What a rule about an OKMS is held against: the ids and names of all that stand behind the endpoint, since whoever trusts it trusts it
 * for each of them.
 */
export const okmsFacts = (okms: Measured['okms']): string[] => okms.flatMap(({ id, name }) => [id, name])

/** What a certificate that does not bear the OKMS's own CA says of itself; `null`: all do, or there is no CA to judge by. */
export function distrusted({ addresses }: Measured): string | null {
  const found = addresses.find(({ trusted }) => trusted === false)
  return found ? `${found.ip}: ${found.distrust}` : null
}

/** What of two measurements a Private Cloud would notice. */
export const fingerprintOf = ({ addresses }: Measured): string =>
  addresses.map(({ ip, sha1 }) => `${ip} ${sha1}`).join(', ')

export const sameToCloud = (one: Measured, other: Measured): boolean =>
  fingerprintOf(one) === fingerprintOf(other)
