/** /okms key list prod-kms */
import { listServiceKeys } from '../jobs/list-service-keys.js'
import { kindOf, operationsOf } from '../jobs/service-key/find.js'
import { code, defineCommand, lines, option, say } from '../src/core/index.js'

export default defineCommand({
  name: 'key list',
  summary: 'Show service keys with state, kind and operations',
  options: { okms: option.okms('Only this OKMS').optional() },
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms key list', '/okms key list prod-kms'],

  async run({ options: { okms }, ask, reply }) {
    const keys = await ask(listServiceKeys, { okms })
    if (keys.length === 0) {
      await reply.show(
        lines('There are no service keys.', say`${code('/okms key create <name> <type>')} makes one.`),
      )
      return
    }
    await reply.show({
      kind: 'table',
      title: keys.length === 1 ? '1 service key' : `${keys.length} service keys`,
      columns: ['NAME', 'OKMS', 'STATE', 'KIND', 'OPERATIONS', 'ID'].map(header => ({ header })),
      rows: keys.map(key => [
        key.name,
        key.okmsName,
        key.state,
        kindOf(key),
        operationsOf(key.operations),
        key.id,
      ]),
      fileName: 'service-keys.txt',
    })
  },
})
