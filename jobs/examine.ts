/** What a worker can see of what the bot needs: Redis, OVHcloud, the KMIP endpoints. */
import { z } from 'zod'
import { defineRead, examineAll, type Finding } from '../src/core/index.js'

export const examineWorker = defineRead({
  name: 'examine',
  input: z.object({}),

  run: ({ checkups }): Promise<Finding[]> => examineAll(checkups),
})
