/** /okms thumbprint prod-kms */

import { measureEndpoint } from '../jobs/measure-endpoint.js'
import { code, defineCommand, instant, option, say } from '../src/core/index.js'

export default defineCommand({
  name: 'thumbprint',
  summary: 'Read the live TLS certificate of an OKMS, or of host:port',
  options: { target: option.okms('Name or id of an OKMS, or host:port') },
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms thumbprint prod-kms', '/okms thumbprint eu-west-rbx.okms.ovh.net:5697'],

  async run({ options, ask, reply }) {
    const { okmsName, host, port, findings } = await ask(measureEndpoint, { target: options.target })
    const [first] = findings
    await reply.show({
      kind: 'fields',
      title: okmsName === null ? `${host}:${port}` : `${okmsName}, KMIP for vSphere at ${host}:${port}`,
      fields: findings.flatMap(one => [
        { label: 'Address', value: say`${code(one.address)}, ${one.tlsVersion}` },
        { label: 'SHA-1', value: [code(one.sha1)] },
        { label: 'SHA-256', value: [code(one.sha256)] },
        { label: 'Subject', value: one.subject },
        { label: 'Issuer', value: one.issuer },
        { label: 'Valid', value: say`${instant(one.notBefore)} to ${instant(one.notAfter)}` },
        { label: 'Trust', value: trust(one) },
      ]),
      after: first ? ['A Private Cloud takes the SHA-1 thumbprint.'] : [],
    })
  },
})

function trust({ trusted, distrust }: { trusted: boolean | null; distrust: string | null }): string {
  if (trusted === null) return 'not verified: there is no CA to compare with'
  return trusted ? "verified with the OKMS's own CA" : `NOT verified: ${distrust}`
}
