/** One OKMS: its addresses, counts, and the fingerprints of its certificate authorities. */
import { z } from 'zod'
import { BotError, choose, defineRead, type Okms } from '../src/core/index.js'
import { readCertificates } from '../src/pki/certificates.js'

export interface OkmsDetails extends Okms {
  /** `null` when the API gives no CA. */
  publicCa: AuthoritySummary | null
  publicRsaCa: AuthoritySummary | null
}

export interface AuthoritySummary {
  subject: string
  sha256: string
  /** ISO instant. */
  notAfter: string
}

export const showOkms = defineRead({
  name: 'show-okms',
  input: z.object({ okms: z.string() }),

  async run({ input, okms, signal }): Promise<OkmsDetails> {
    const { id } = choose(await okms.list(signal), input.okms, 'OKMS', '/okms list')
    const found = await okms.show(id, signal)
    if (!found) throw new BotError('input.not-found', `OKMS ${id} has just gone.`)
    const { publicCa, publicRsaCa, ...rest } = found
    return { ...rest, publicCa: summarize(publicCa), publicRsaCa: summarize(publicRsaCa) }
  },
})

function summarize(pem: string | null): AuthoritySummary | null {
  if (pem === null) return null
  // Where OVHcloud publishes a chain, its first certificate is the one that signs.
  const [first] = readCertificates(pem)
  if (!first) return null
  const { subject, sha256, notAfter } = first
  return { subject, sha256, notAfter: notAfter.toISOString() }
}
