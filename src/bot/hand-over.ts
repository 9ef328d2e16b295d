/** Collect, Saved it, Revoke now: the recipient's side of a private delivery (ports/deliveries.ts). */
import { personOf } from '../core/actor.js'
import type { OpenDelivery, PressDeliveries } from '../core/command.js'
import { BotError } from '../core/errors.js'
import type { Press } from '../core/invocation.js'
import type { Exchange } from '../core/ports/chat.js'
import type { Deliveries } from '../core/ports/deliveries.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { RunStore } from '../core/ports/runs.js'
import { plain } from '../core/text.js'
import type { Definitions } from './load.js'

export interface HandOverParts {
  deliveries: Deliveries
  outbox: Outbox
  /** Has the run look again at once. */
  poke(runId: string): Promise<void>
}

const REFUSALS = {
  unknown: ['There is nothing to collect under this reference.', 'It may be older than 90 days.'],
  'not-yours': ['This is for the person who asked for it, so nobody else can use the button.', undefined],
  busy: [
    'It is being handed over right now.',
    'Wait a moment; if nothing arrives, press Collect again in two minutes.',
  ],
  lapsed: [
    'It was not collected in time, or its run was given up, so it was revoked.',
    'Press Issue again, or type the command again.',
  ],
  revoked: ['It was revoked, as you asked.', 'Ask for a new credential if you need one.'],
  over: ['This is over: the files have been erased here.', 'Ask for a new credential if you need one.'],
  'not-collected': ['Nothing has been collected yet.', 'Press Collect first.'],
} as const

function refuse(why: keyof typeof REFUSALS): never {
  const [message, hint] = REFUSALS[why]
  throw new BotError('access.denied', message, hint === undefined ? {} : { hint })
}

export function createHandOver(press: Press, exchange: Exchange, parts: HandOverParts): PressDeliveries {
  const person = personOf(press.actor)
  return {
    async collect(runId) {
      const lease = await parts.deliveries.collect(runId, person)
      if (typeof lease === 'string') return refuse(lease)
      const { leaseId, receipt, files, passphrase, reply } = lease
      const key = `${runId}/${receipt}`
      let outcome: Awaited<ReturnType<Deliveries['collected']>>
      try {
        await exchange.deliver({ files, passphrase, reply, runId }, ref =>
          parts.outbox.adopt(key, { to: 'person', actor: press.actor }, ref),
        )
        outcome = await parts.deliveries.collected(runId, leaseId)
      } catch (cause) {
        // Some of it may be there; what cannot be taken back now, the end of the run takes back.
        await exchange.undeliver().catch(() => {})
        await parts.deliveries.notCollected(runId, leaseId).catch(() => {})
        const { code, details } = BotError.from(cause)
        throw new BotError('chat.refused', 'The files could not be handed over.', {
          hint: 'They are still waiting for you: press Collect again.',
          details: { ...details, refusedWith: code },
          cause,
        })
      }
      if (outcome !== 'collected') {
        // Nobody comes by for it later.
        await exchange.undeliver().catch(() => parts.outbox.remove(key))
        return refuse(outcome)
      }
      await parts.poke(runId)
    },

    async confirm(runId) {
      const outcome = await parts.deliveries.confirm(runId, person)
      if (outcome !== 'confirmed') return refuse(outcome)
      await parts.poke(runId)
    },

    async revoke(runId) {
      const outcome = await parts.deliveries.revoke(runId, person)
      if (outcome !== 'revoked') return refuse(outcome)
      await parts.poke(runId)
    },
  }
}

export async function openDeliveries(
  person: string,
  {
    deliveries,
    runs,
    definitions,
  }: { deliveries: Deliveries; runs: Pick<RunStore, 'read'>; definitions: Pick<Definitions, 'jobs'> },
): Promise<OpenDelivery[]> {
  const open = await Promise.all(
    (await deliveries.openFor(person)).map(async (runId): Promise<OpenDelivery[]> => {
      const [delivery, run] = await Promise.all([deliveries.status(runId), runs.read(runId)])
      const job = run && definitions.jobs.get(run.job)
      if (!delivery || !run || (delivery.state !== 'offered' && delivery.state !== 'collected')) return []
      const title = job ? plain(job.title(run.input as never)) : run.job
      return [{ runId, title, state: delivery.state, collectBy: delivery.collectBy }]
    }),
  )
  return open.flat().sort((a, b) => a.collectBy.localeCompare(b.collectBy))
}
