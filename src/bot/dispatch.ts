/**
 * From a message to its answer: acknowledges at once, drops what was seen before, finds the command, asks the policy, reads
 * the options, runs it. Whatever goes wrong becomes a sentence for the one who asked.
 */
import type { Actor, Conversation } from '../core/actor.js'
import type { Command, Doing, PressDefinition } from '../core/command.js'
import { BotError } from '../core/errors.js'
import type { Invocation, Press } from '../core/invocation.js'
import type { Approvals } from '../core/ports/approvals.js'
import { type Chance, newRunId } from '../core/ports/chance.js'
import type { ChatListener, Exchange } from '../core/ports/chat.js'
import type { Clock } from '../core/ports/clock.js'
import type { Deliveries } from '../core/ports/deliveries.js'
import type { Inventory } from '../core/ports/inventory.js'
import type { Log } from '../core/ports/log.js'
import { type Metrics, noMetrics, type Outcome } from '../core/ports/metrics.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import type { FlowQueue, ReadQueue } from '../core/ports/queue.js'
import type { RunStore } from '../core/ports/runs.js'
import { lines } from '../core/reply.js'
import { code, say } from '../core/text.js'
import { createRequests } from './approve.js'
import { authorize, policyOf } from './authorize.js'
import { completions } from './complete.js'
import { explainAsReply, logFailure } from './explain.js'
import { createHandOver } from './hand-over.js'
import type { Definitions } from './load.js'
import { identify, may } from './policy-judge.js'
import type { Policy } from './policy-model.js'
import { newRun } from './runner.js'
import { parseWords, readOptions } from './words.js'

/** What is not answered by then is said to follow. */
const PATIENCE_MS = 2500
/** A question that no worker answered for so long is given up. */
const ASK_TIMEOUT_MS = 120_000

export interface DispatchParts {
  definitions: Definitions
  policy: PolicySource<Policy>
  inventory: Inventory
  asks: {
    put(
      askId: string,
      ask: { read: string; input: unknown; requester: Actor; conversation: Conversation },
    ): Promise<void>
    firstSight(interactionId: string): Promise<boolean>
  }
  reads: ReadQueue
  runs: RunStore
  flows: FlowQueue
  deliveries: Deliveries
  approvals: Approvals
  outbox: Outbox
  clock: Clock
  chance: Chance
  log: Log
  metrics?: Metrics
}

type Met = Pick<Invocation, 'id' | 'actor' | 'conversation'>

export function createDispatcher(parts: DispatchParts): ChatListener & { busy(): boolean } {
  let underWay = 0
  const { metrics = noMetrics } = parts
  const poke = async (runId: string) => {
    await parts.runs.poke(runId)
    await parts.flows.wake(runId)
  }

  /** What commands and presses share; `act` answers through `doing`. */
  async function meet(
    met: Met,
    exchange: Exchange,
    what: string,
    act: (policy: Policy, actor: Actor) => Promise<void>,
    counted: (outcome: Outcome, seconds: number) => void,
  ): Promise<void> {
    underWay++
    const metAt = performance.now()
    const seconds = () => (performance.now() - metAt) / 1000
    const reference = newRunId(parts.chance).slice(0, 4)
    const acknowledged = exchange.acknowledge()
    try {
      const [, first] = await Promise.all([
        acknowledged,
        parts.asks.firstSight(`${met.actor.platform}:${met.id}`),
      ])
      if (!first) return
      const policy = await policyOf(parts.policy)
      const actor = identify(policy, met.actor)
      await act(policy, actor)
      counted('ok', seconds())
      parts.log.info('answered', {
        what,
        person: actor.person ?? actor.id,
        platform: actor.platform,
        reference,
      })
    } catch (thrown) {
      const error = BotError.from(thrown)
      logFailure(parts.log, 'not done', error, {
        what,
        actor: met.actor.id,
        platform: met.actor.platform,
        reference,
      })
      await answerAnyway(exchange, error, reference, parts.log)
      counted(error.code, seconds())
    } finally {
      underWay--
    }
  }

  function doing(
    met: Met,
    actor: Actor,
    exchange: Exchange,
    audience: 'asker' | 'everyone',
  ): Omit<Doing, 'requests'> & { calm(): void } {
    let started = 0
    let answered = false
    const notice = setTimeout(() => {
      if (answered) return
      void exchange
        .answer(lines('Asking OVHcloud takes longer than usual; the answer follows here.'), 'asker')
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
      async start(job, input) {
        const privately = audience === 'asker'
        const runId = await parts.runs.create({
          ...newRun(parts.chance, actor, job as never, input),
          conversation: met.conversation,
          privately,
          createdAtMs: parts.clock.now(),
          startKey: `${actor.platform}:${met.id}/${++started}`,
        })
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
          await exchange.answer(
            lines(say`Started, run ${code(runId)}. I keep you informed ${where}.`),
            'asker',
          )
        },
      },
    }
  }

  async function runCommand(
    policy: Policy,
    actor: Actor,
    invocation: Invocation,
    exchange: Exchange,
    known: (command: string) => void,
  ) {
    const { conversation, said } = invocation
    const { commands } = parts.definitions
    const { command, raw } =
      said.form === 'words'
        ? parseWords(said.text, commands)
        : { command: typedCommand(commands, said.command), raw: { ...said.options } }
    known(command.name)
    authorize(policy, actor, conversation, command.requires)
    if (said.form === 'words' && said.readFile) {
      for (const [name, option] of Object.entries(command.options)) {
        if (option.kind === 'file' && raw[name] !== undefined) raw[name] = await said.readFile(raw[name])
      }
    }
    const audience = command.answers === 'privately' ? 'asker' : 'everyone'
    const able = doing(invocation, actor, exchange, audience)
    try {
      await command.run({
        ...able,
        requests: createRequests(policy, actor, { ...parts, poke }),
        options: readOptions(command, raw),
        commands: () =>
          commands.filter(({ requires }) => requires === null || may(policy, actor, conversation, requires)),
      })
    } finally {
      able.calm()
    }
  }

  async function runPress(
    policy: Policy,
    actor: Actor,
    press: Press,
    exchange: Exchange,
    definition: PressDefinition,
  ) {
    authorize(policy, actor, press.conversation, definition.requires)
    const able = doing(press, actor, exchange, 'asker')
    try {
      await definition.run({
        ...able,
        requests: createRequests(policy, actor, { ...parts, poke }),
        subject: press.subject,
        fields: press.fields ?? {},
        deliveries: createHandOver({ ...press, actor }, exchange, { ...parts, poke }),
        run: parts.runs.read,
        may: permission => may(policy, actor, press.conversation, permission),
        now: parts.clock.now,
      })
    } finally {
      able.calm()
    }
  }

  return {
    busy: () => underWay > 0,
    commands: () => parts.definitions.commands,
    form: press => parts.definitions.presses.get(press)?.form ?? null,
    complete: asking => completions(asking, parts),
    onInvocation(invocation, exchange) {
      let command = 'unknown'
      const known = (name: string) => {
        command = name
      }
      return meet(
        invocation,
        exchange,
        'command',
        (policy, actor) => runCommand(policy, actor, invocation, exchange, known),
        (outcome, seconds) => {
          metrics.count('commands', { command, outcome })
          metrics.observe('command', seconds, { command })
        },
      )
    },
    onPress(press, exchange) {
      const act = async (policy: Policy, actor: Actor) => {
        const definition = parts.definitions.presses.get(press.press)
        if (!definition) {
          throw new BotError(
            'input.not-found',
            'This button is from another version of the bot and does nothing now.',
            {
              hint: 'Type the command again: /okms help shows all.',
            },
          )
        }
        return runPress(policy, actor, press, exchange, definition)
      }
      // What a client sends is only a name once we know it.
      const name = parts.definitions.presses.has(press.press) ? press.press : 'unknown'
      return meet(press, exchange, press.press, act, outcome =>
        metrics.count('presses', { press: name, outcome }),
      )
    },
  }
}

function typedCommand(commands: readonly Command[], name: string): Command {
  const command = commands.find(candidate => candidate.name === name)
  if (command) return command
  throw new BotError('input.not-found', `The bot does not know /okms ${name} any more.`, {
    hint: '/okms help shows all commands.',
  })
}

async function answerAnyway(exchange: Exchange, error: BotError, reference: string, log: Log): Promise<void> {
  try {
    await exchange.answer(explainAsReply(error, reference), 'asker')
  } catch (cause) {
    log.warn('a refusal could not be shown', { reference, reason: String(cause) })
  }
}
