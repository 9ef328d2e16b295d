/** A BullMQ worker and nothing else, as a process of its own for bench/memory.ts. Prints a line when it is ready; ends with its input. */
import { Worker } from 'bullmq'
import { Redis } from 'ioredis'

const worker = new Worker('bare', async () => {}, {
  connection: new Redis(process.argv[2]!, { maxRetriesPerRequest: null }),
})
await worker.waitUntilReady()
process.stdout.write('ready\n')
process.stdin.resume().once('end', () => process.exit(0))
