/** /okms key delete old-backup */
import { sayWord } from '../jobs/asking/confirm.js'
import { deleteServiceKey, planKeyDeletion } from '../jobs/delete-service-key.js'
import { defineCommand, definePress, option } from '../src/core/index.js'

export default defineCommand({
  name: 'key delete',
  summary: 'Delete a deactivated service key for good',
  options: { key: option.key('Name or id of the service key') },
  requires: 'key:manage',
  answers: 'publicly',
  examples: ['/okms key delete old-backup'],

  async run({ options: { key }, ask, start, reply }) {
    await reply.follow(await start(deleteServiceKey, await ask(planKeyDeletion, { key })))
  },
})

export const presses = [
  definePress({
    name: 'key-delete-yes',
    requires: 'key:manage',
    run: press => sayWord(press, 'yes', 'It goes on; the card shows how.'),
  }),
  definePress({
    name: 'key-delete-no',
    requires: null,
    run: press => sayWord(press, 'no', 'Nothing is deleted.'),
  }),
]
