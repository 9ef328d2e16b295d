/** /okms key create signing EC P-256 */
import { createServiceKey, planServiceKey } from '../jobs/create-service-key.js'
import { defineCommand, KEY_TYPES, option } from '../src/core/index.js'

export default defineCommand({
  name: 'key create',
  summary: 'Make a service key',
  options: {
    name: option.text('Its name, 1 to 32 characters', { maxLength: 100 }),
    type: option.choice('Kind of key; oct is symmetric', KEY_TYPES),
    size: option.text('Size in bits (256, 3072) or curve (P-256)', { maxLength: 10 }).optional(),
    operations: option
      .choice('What it is for', ['encrypt,decrypt', 'sign,verify', 'wrapKey,unwrapKey'])
      .optional(),
    okms: option.okms('In which OKMS, where there are several').optional(),
  },
  requires: 'key:manage',
  answers: 'publicly',
  examples: [
    '/okms key create signing EC P-256 okms:prod-kms',
    '/okms key create backup oct 256 wrapKey,unwrapKey prod-kms',
  ],

  async run({ options: { name, type, size, operations, okms }, ask, start, reply }) {
    const pair = operations?.split(',')
    await reply.follow(
      await start(createServiceKey, await ask(planServiceKey, { name, type, size, operations: pair, okms })),
    )
  },
})
