/** /okms show prod-kms */

import { type AuthoritySummary, showOkms } from '../jobs/show-okms.js'
import { code, defineCommand, instant, option, say, type Text } from '../src/core/index.js'

export default defineCommand({
  name: 'show',
  summary: 'Show the addresses and certificate authorities of an OKMS',
  options: { okms: option.okms('Name or id of the OKMS') },
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms show prod-kms'],

  async run({ options, ask, reply }) {
    const okms = await ask(showOkms, { okms: options.okms })
    await reply.show({
      kind: 'fields',
      title: `${okms.name} in ${okms.region}, ${okms.state}`,
      fields: [
        { label: 'Id', value: [{ code: okms.id }] },
        ...(okms.urn === null ? [] : [{ label: 'URN', value: [{ code: okms.urn }] }]),
        { label: 'KMIP', value: [{ code: okms.kmipEndpoint }] },
        {
          label: 'KMIP RSA',
          value:
            okms.kmipRsaEndpoint === null
              ? 'none in this region yet'
              : say`${code(okms.kmipRsaEndpoint)} (for vSphere)`,
        },
        { label: 'REST', value: [{ code: okms.restEndpoint }] },
        { label: 'Swagger', value: [{ code: okms.swaggerEndpoint }] },
        { label: 'Service keys', value: count(okms.serviceKeyCount) },
        { label: 'KMIP objects', value: count(okms.kmipObjectCount) },
        { label: 'CA', value: authority(okms.publicCa) },
        { label: 'RSA CA', value: authority(okms.publicRsaCa) },
      ],
      after: [say`${code(`/okms thumbprint ${okms.name}`)} for what the KMIP address shows right now`],
    })
  },
})

const count = (number: number | null) => (number === null ? 'not said' : String(number))

const authority = (ca: AuthoritySummary | null): Text =>
  ca === null
    ? 'not published'
    : say`${ca.subject}, SHA-256 ${code(ca.sha256)}, until ${instant(ca.notAfter, 'day')}`
