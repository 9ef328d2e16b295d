/** /okms key import legacy ./legacy.pem */
import {
  importServiceKey,
  planServiceKeyImport,
  readBroughtKey,
  SEALED,
  sealable,
} from '../jobs/import-service-key.js'
import { defineCommand, option } from '../src/core/index.js'

export default defineCommand({
  name: 'key import',
  summary: 'Import a key of your own as a service key',
  options: {
    name: option.text('Its name, 1 to 32 characters', { maxLength: 100 }),
    file: option.secretFile('The key: a private key as PEM, or a JSON Web Key', { maxBytes: 16_384 }),
    okms: option.okms('Into which OKMS, where there are several').optional(),
    operations: option
      .choice('What it is for, where the file does not say', [
        'encrypt,decrypt',
        'sign,verify',
        'wrapKey,unwrapKey',
      ])
      .optional(),
  },
  requires: 'key:manage',
  answers: 'privately',
  examples: ['/okms key import legacy ./legacy.pem prod-kms', '/okms key import legacy ./legacy.jwk.json'],

  async run({ options: { name, file, okms, operations }, ask, start, reply }) {
    const brought = readBroughtKey(file)
    const { type, size, curve } = brought
    const wanted = operations?.split(',') ?? brought.operations
    const plan = await ask(planServiceKeyImport, { name, type, size, curve, operations: wanted, okms })
    const secrets = { [SEALED]: sealable(brought, plan.name, plan.shape.operations) }
    await reply.follow(await start(importServiceKey, plan, { secrets }))
  },
})
