/** /okms key show signing JWK */
import { kindOf, operationsOf } from '../jobs/service-key/find.js'
import { showServiceKey } from '../jobs/show-service-key.js'
import { defineCommand, instant, option, say } from '../src/core/index.js'

export default defineCommand({
  name: 'key show',
  summary: 'Show a service key, and its public part as a file',
  options: {
    key: option.key('Name or id of the service key'),
    format: option.choice('How the public part is written', ['PEM', 'JWK']).optional(),
  },
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms key show signing', '/okms key show signing JWK'],

  async run({ options: { key: wanted, format = 'PEM' }, ask, reply }) {
    const key = await ask(showServiceKey, { key: wanted, format })
    await reply.show({
      kind: 'fields',
      title: `${key.name} of ${key.okmsName}, ${key.state}`,
      fields: [
        { label: 'Id', value: [{ code: key.id }] },
        { label: 'Kind', value: kindOf(key) },
        { label: 'Operations', value: operationsOf(key.operations) },
        { label: 'Created', value: say`${instant(key.createdAt)}` },
      ],
      ...(key.publicKey === null
        ? {
            after: [
              key.type === 'oct' ? 'A symmetric key has no public part.' : 'OVHcloud gives no public part.',
            ],
          }
        : { files: [{ name: fileNameOf(key.name, format), text: `${key.publicKey}\n` }] }),
    })
  },
})

const fileNameOf = (name: string, format: 'PEM' | 'JWK') =>
  `${name.replaceAll(/[^\w.-]+/g, '-')}.pub.${format === 'PEM' ? 'pem' : 'jwk.json'}`
