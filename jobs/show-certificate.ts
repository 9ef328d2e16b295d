/** The certificate of a credential, again. Never a key: OVHcloud gives that once, and the bot erases its copy. */
import { z } from 'zod'
import { BotError, type Credential, choose, defineRead } from '../src/core/index.js'
import { readCertificate } from '../src/pki/certificates.js'

export interface CertificateDetails {
  name: string
  credentialId: string
  okmsName: string
  pem: string
  sha256: string
  /** ISO instants. */
  notBefore: string
  notAfter: string
}

export const showCertificate = defineRead({
  name: 'show-certificate',
  input: z.object({ credential: z.string() }),

  async run({ input, okms, signal }): Promise<CertificateDetails> {
    const live: (Credential & { okmsName: string })[] = []
    const expired: typeof live = []
    for (const { id, name: okmsName } of await okms.list(signal)) {
      for await (const page of okms.credentialPages(id, signal)) {
        for (const one of page) {
          if (one.status === 'READY' || one.id === input.credential) live.push({ ...one, okmsName })
          else if (one.status === 'EXPIRED') expired.push({ ...one, okmsName })
        }
      }
    }
    // A name stands for the live one; an expired one answers to it where there is no other.
    const isNamed = ({ name }: Credential) => name.toLowerCase() === input.credential.toLowerCase()
    const among = live.some(isNamed) ? live : [...live, ...expired]
    const {
      name,
      id: credentialId,
      okmsName,
      okmsId,
    } = choose(among, input.credential, 'credential', '/okms credentials')
    // A list may leave the certificate out; one call for the one that was asked for.
    const pem = (await okms.credential(okmsId, credentialId, signal))?.certificatePem ?? null
    if (pem === null) {
      throw new BotError('state.conflict', `Credential ${name} has no certificate yet.`, {
        hint: 'OVHcloud is still making it: try again in a minute.',
      })
    }
    const certificate = readCertificate(pem)
    return {
      name,
      credentialId,
      okmsName,
      pem: certificate.pem,
      sha256: certificate.sha256,
      notBefore: certificate.notBefore.toISOString(),
      notAfter: certificate.notAfter.toISOString(),
    }
  },
})
