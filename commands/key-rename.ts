/** /okms key rename signing signing-2026 */
import { planKeyRename, renameServiceKey } from '../jobs/rename-service-key.js'
import { defineCommand, option } from '../src/core/index.js'

export default defineCommand({
  name: 'key rename',
  summary: 'Give a service key another name',
  options: {
    key: option.key('Name or id of the service key'),
    name: option.text('Its new name, 1 to 32 characters', { maxLength: 100 }),
  },
  requires: 'key:manage',
  answers: 'publicly',
  examples: ['/okms key rename signing signing-2026'],

  async run({ options: { key, name: newName }, ask, start, reply }) {
    await reply.follow(await start(renameServiceKey, await ask(planKeyRename, { key, newName })))
  },
})
