/** What commands and buttons can do, for one message: ask, start, answer. Says so when an answer takes its time. */
import { type Actor, type Conversation, personOf } from '../core/actor.js'
import type { Doing } from '../core/command.js'
import type { Invocation } from '../core/invocation.js'
import type { Permission } from '../core/permission.js'
import { type Chance, newRunId } from '../core/ports/chance.js'
import type { Exchange } from '../core/ports/chat.js'
import type { Clock } from '../core/ports/clock.js'
import type { FlowQueue, ReadQueue } from '../core/ports/queue.js'
import type { RunStore } from '../core/ports/runs.js'
import type { Vault } from '../core/ports/vault.js'
import { lines } from '../core/reply.js'
import { code, say } from '../core/text.js'
import { newRun } from './runner.js'

/** What is not answered by then is said to follow. */
const PATIENCE_MS = 2500
/** A question that no worker answered for so long is given up. */
const ASK_TIMEOUT_MS = 120_000

export interface DoingParts {
  asks: {
    put(
      askId: string,
      ask: { read: string; input: unknown; requester: Actor; conversation: Conversation },
    ): Promise<void>
  }
  reads: ReadQueue
  runs: RunStore
  flows: FlowQueue
  vault: Pick<Vault, 'seal' | 'erase'>
  clock: Clock
  chance: Chance
}

export type Met = Pick<Invocation, 'id' | 'actor' | 'conversation'>

/** What a message is told from all others by, whichever process meets it. */
export const interactionOf = ({ id, actor }: Pick<Met, 'id' | 'actor'>) => `${actor.platform}:${id}`

/** `heard` hears of each run; `calm` ends the notice that an answer takes long. */
export function createDoing(
  parts: DoingParts,
  met: Met,
  actor: Actor,
  exchange: Exchange,
  audience: 'asker' | 'everyone',
  requires: Permission | null,
  heard: (runId: string) => void,
): Omit<Doing, 'requests' | 'operations' | 'may'> & { calm(): void } {
  let started = 0
  let answered = false
  const notice = setTimeout(() => {
    if (answered) return
    void exchange
      .answer(lines('This takes longer than usual; the answer follows here.'), 'asker')
      .catch(() => {})
  }, PATIENCE_MS)
  const calm = () => {
    answered = true
    clearTimeout(notice)
  }
  return {
    actor,
    conversation: met.conversation,
    calm,
    async ask(read, input) {
      const askId = newRunId(parts.chance)
      const { conversation } = met
      await parts.asks.put(askId, { read: read.name, input, requester: actor, conversation })
      return (await parts.reads.ask(askId, ASK_TIMEOUT_MS)) as never
    },
    async start(job, input, { secrets = {}, once } = {}) {
      const privately = audience === 'asker'
      const run = newRun(parts.chance, actor, job as never, input)
      for (const [label, secret] of Object.entries(secrets)) {
        await parts.vault.seal({ runId: run.runId, recipient: personOf(actor), label }, secret)
      }
      const runId = await parts.runs
        .create({
          ...run,
          conversation: met.conversation,
          privately,
          requires,
          createdAtMs: parts.clock.now(),
          startKey: once ?? `${interactionOf(met)}/${++started}`,
          interactionId: interactionOf(met),
        })
        .catch(async thrown => {
          // Without an answer it may be there all the same: then it says itself that its secret has lapsed.
          await parts.vault.erase(run.runId).catch(() => {})
          throw thrown
        })
      // The same interaction has started it before, with a secret of its own.
      if (runId !== run.runId) await parts.vault.erase(run.runId)
      heard(runId)
      await parts.flows.add(runId)
      return { runId, card: privately ? 'direct-message' : 'here' }
    },
    reply: {
      async show(reply) {
        calm()
        await exchange.answer(reply, audience)
      },
      async follow({ runId, card }) {
        calm()
        const where = card === 'direct-message' ? 'by direct message' : 'here'
        await exchange.answer(lines(say`Started, run ${code(runId)}. I keep you informed ${where}.`), 'asker')
      },
    },
  }
}
