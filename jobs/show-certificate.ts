/** The certificate of a credential, again. Never a key: OVHcloud gives that once, and the bot erases its copy. */
import { z } from 'zod'
import { BotError, defineRead } from '../src/core/index.js'
import { readCertificate } from '../src/pki/certificates.js'
import { findCredential } from './credential/find.js'

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
    const found = await findCredential(okms, input.credential, signal)
    const { id: credentialId, okmsId, name } = found.credential
    const okmsName = found.okms.name
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
