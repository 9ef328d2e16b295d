/** A moved clock and an engine that keeps its own. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { movableClock } from '../../../src/core/ports/clock.js'
import { type Due, openQueue, openWorker } from '../../../src/queue/connection.js'
import { createTimeTravel } from '../../../src/queue/time-travel.js'
import { QUEUE_PREFIX } from '../../../src/store/keys.js'
import { startTestRedis } from '../../fakes/redis.js'

const HOUR = 3_600_000

it('what falls due while something else is being done is done too, and nobody waits for the engine', async () => {
  const server = await startTestRedis()
  const setting = { connection: server.connect(), prefix: QUEUE_PREFIX }
  const queue = openQueue<Due>('travelled', setting)
  const clock = movableClock()
  const done: string[] = []
  const worker = openWorker<Due>('travelled', setting, { concurrency: 5 }, async job => {
    await sleep(300)
    done.push(job.name)
  })
  try {
    const dueAt = clock.now() + HOUR
    await queue.add('first', { dueAt, waitsFor: 'person' }, { delay: HOUR })
    await queue.add('just after', { dueAt: dueAt + 150, waitsFor: 'person' }, { delay: HOUR })
    const travel = createTimeTravel({
      queues: [queue],
      clock,
      moveTo: async atMs => clock.moveTo(atMs),
      busy: () => false,
    })

    // Settling would wait 30 s for the engine, longer than a test may take.
    await travel.advance(dueAt + HOUR)

    expect(done).toEqual(['first', 'just after'])
  } finally {
    await worker.close()
    await queue.close()
    await server.stop()
  }
}, 15_000)
