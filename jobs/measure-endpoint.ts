/** The live TLS certificate of an OKMS's KMIP address for vSphere, or of any host and port. */
import { z } from 'zod'
import { BotError, choose, defineRead, parseEndpoint } from '../src/core/index.js'

/** The KMIP port with an RSA certificate, the one for vSphere. */
const KMIP_RSA_PORT = 5697

export interface Measured {
  /** `null` when a bare host and port was asked for. */
  okmsName: string | null
  host: string
  port: number
  /** One per IPv4 address. */
  findings: {
    address: string
    sha1: string
    sha256: string
    subject: string
    issuer: string
    notBefore: string
    notAfter: string
    tlsVersion: string
    /** `null`: there was no CA to judge by. */
    trusted: boolean | null
    distrust: string | null
  }[]
}

export const measureEndpoint = defineRead({
  name: 'measure-endpoint',
  input: z.object({ target: z.string() }),

  async run({ input, okms, probe, signal }): Promise<Measured> {
    const isAddress = /[.:]/.test(input.target)
    const asked = isAddress ? null : choose(await okms.list(signal), input.target, 'OKMS', '/okms list')
    const found = asked && (await okms.show(asked.id, signal))
    const endpoint = parseEndpoint(
      found?.kmipRsaEndpoint ?? found?.kmipEndpoint ?? input.target,
      KMIP_RSA_PORT,
    )
    if (!endpoint) {
      throw new BotError('input.invalid', `"${input.target}" is neither an OKMS nor an address.`, {
        hint: 'Write the name of an OKMS, or host:port.',
      })
    }
    const trustedCa = found ? (found.kmipRsaEndpoint === null ? found.publicCa : found.publicRsaCa) : null
    const addresses = await probe.resolve(endpoint.host)
    // Machines in a cloud answer for their own credentials there; nobody's key server does.
    if (addresses.some(address => address.startsWith('169.254.'))) {
      throw new BotError(
        'access.denied',
        `${endpoint.host} is a link-local address, which the bot does not look at.`,
      )
    }
    const findings = await Promise.all(addresses.map(address => probe.look(endpoint, { address, trustedCa })))
    return {
      okmsName: found?.name ?? null,
      ...endpoint,
      findings: findings.map(
        ({ address, sha1, sha256, subject, issuer, notBefore, notAfter, tlsVersion, trusted, distrust }) => ({
          address,
          sha1,
          sha256,
          subject,
          issuer,
          notBefore,
          notAfter,
          tlsVersion,
          trusted,
          distrust,
        }),
      ),
    }
  },
})
