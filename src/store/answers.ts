/** What people said to waiting runs: one hash per run, the first answer holds. Implements ports/answers.ts. */
import type { Answer, Answers } from '../core/ports/answers.js'
import { keys } from './keys.js'
import { answered, type RedisConnection } from './redis.js'

/** A credential lives for a year at most, and so does a question about it. */
const KEEP_SECONDS = 400 * 86_400

export function createAnswers(redis: RedisConnection): Answers {
  return {
    async give(runId, question, answer) {
      const first = await answered(redis.hsetnx(keys.answers(runId), question, JSON.stringify(answer)))
      await answered(redis.expire(keys.answers(runId), KEEP_SECONDS))
      return first === 1
    },
    async to(runId, question) {
      const found = await answered(redis.hget(keys.answers(runId), question))
      return found === null ? null : (JSON.parse(found) as Answer)
    },
  }
}
