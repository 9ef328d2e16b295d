/** /okms certificate reader */

import { showCertificate } from '../jobs/show-certificate.js'
import { code, defineCommand, instant, option, say } from '../src/core/index.js'

export default defineCommand({
  name: 'certificate',
  summary: 'Get the certificate of a credential again (never the key)',
  options: { credential: option.credential('Name or id of the credential') },
  requires: 'read',
  answers: 'privately',
  examples: ['/okms certificate reader'],

  async run({ options, ask, reply }) {
    const found = await ask(showCertificate, { credential: options.credential })
    await reply.show({
      kind: 'fields',
      title: `Certificate of ${found.name} for ${found.okmsName}`,
      fields: [
        { label: 'Credential', value: [code(found.credentialId)] },
        { label: 'Valid', value: say`${instant(found.notBefore)} to ${instant(found.notAfter)}` },
        { label: 'SHA-256', value: [code(found.sha256)] },
      ],
      files: [{ name: `${found.name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}.cert.pem`, text: found.pem }],
    })
  },
})
