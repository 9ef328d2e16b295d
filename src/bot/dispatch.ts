/**
 * From a message to its answer: acknowledges at once, drops what was seen before, finds the command, asks the policy, reads
 * the options, runs it. Whatever goes wrong becomes a sentence for the one who asked.
 */
import { type Actor, type Conversation, personOf, placeOf } from '../core/actor.js'
import type { Command, PressDefinition } from '../core/command.js'
import { BotError } from '../core/errors.js'
import type { Invocation, Press, Words } from '../core/invocation.js'
import type { Answers } from '../core/ports/answers.js'
import type { Approvals } from '../core/ports/approvals.js'
import type { Audit } from '../core/ports/audit.js'
import { type Chance, newRunId } from '../core/ports/chance.js'
import type { ChatListener, Exchange } from '../core/ports/chat.js'
import { type Checkup, examineAll } from '../core/ports/checkup.js'
import type { Clock } from '../core/ports/clock.js'
import type { Deliveries } from '../core/ports/deliveries.js'
import type { Inventory } from '../core/ports/inventory.js'
import type { Log } from '../core/ports/log.js'
import { type Metrics, noMetrics, type Outcome } from '../core/ports/metrics.js'
import type { Outbox } from '../core/ports/outbox.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import type { FlowQueue, ReadQueue } from '../core/ports/queue.js'
import type { RunStore } from '../core/ports/runs.js'
import type { Vault, VaultAddress } from '../core/ports/vault.js'
import { createRequests, describeApprovals } from './approve.js'
import { describeCommand, subjectsOfCommand, subjectsOfPress } from './audit-words.js'
import { auditedRequests } from './audited.js'
import { authorize, policyOf } from './authorize.js'
import { completions } from './complete.js'
import { createDoing, type DoingParts, interactionOf, type Met } from './doing.js'
import { explainAsReply, logFailure } from './explain.js'
import { createHandOver, openDeliveries } from './hand-over.js'
import type { Definitions } from './load.js'
import { createOperations } from './operate.js'
import { identify, may } from './policy-judge.js'
import type { Policy } from './policy-model.js'
import { parseWords, readOptions } from './words.js'

export interface DispatchParts {
  definitions: Definitions
  policy: PolicySource<Policy>
  inventory: Inventory
  vault: Vault
  asks: DoingParts['asks'] & {
    firstSight(interactionId: string): Promise<boolean>
    stillInHand(interactionId: string): Promise<void>
    dealtWith(interactionId: string): Promise<void>
  }
  reads: ReadQueue
  runs: RunStore
  flows: FlowQueue
  audit: Audit
  /** What this process can examine. */
  checkups: readonly Checkup[]
  deliveries: Deliveries
  approvals: Approvals
  answers: Answers
  outbox: Outbox
  clock: Clock
  chance: Chance
  log: Log
  metrics?: Metrics
}

/** While a command takes long, its interaction is kept in hand: a third of what is believed without a word. */
const SAY_IN_HAND_EVERY_MS = 3000

/** What the audit trail will say of a command or press; filled in as it becomes clear. */
interface Note {
  kind: 'command' | 'press'
  what: string
  subjects: string[]
  /** The run that was written said in the same breath that the interaction is dealt with. */
  started: boolean
}

export function createDispatcher(parts: DispatchParts): ChatListener & { busy(): boolean } {
  let underWay = 0
  const { metrics = noMetrics } = parts
  const poke = async (runId: string) => {
    await parts.runs.poke(runId)
    await parts.flows.wake(runId)
  }

  const requestsFor = (policy: Policy, actor: Actor, { conversation }: Met) =>
    auditedRequests(createRequests(policy, actor, { ...parts, poke }), parts.audit, {
      actor,
      conversation,
      policy: policy.version,
    })

  const operationsFor = (policy: Policy, operator: Actor, note: Note) =>
    createOperations(policy, operator, {
      ...parts,
      jobs: parts.definitions.jobs,
      poke,
      heard: runId => note.subjects.push(runId),
    })

  /** What commands and presses share; `act` answers through `doing`. */
  async function meet(
    met: Met,
    exchange: Exchange,
    note: Note,
    act: (policy: Policy, actor: Actor) => Promise<void>,
    counted: (outcome: Outcome, seconds: number) => void,
  ): Promise<boolean> {
    underWay++
    const metAt = performance.now()
    const seconds = () => (performance.now() - metAt) / 1000
    const reference = newRunId(parts.chance).slice(0, 4)
    let judged: { policy: Policy; actor: Actor } | null = null
    let isOurs = false
    const record = (outcome: string) =>
      parts.audit.record({
        kind: note.kind,
        what: note.what,
        subjects: note.subjects,
        who: personOf(judged?.actor ?? met.actor),
        from: placeOf(met.conversation),
        outcome,
        policy: judged?.policy.version ?? null,
        queryId: null,
        reference,
      })
    const acknowledged = exchange.acknowledge()
    const interaction = interactionOf(met)
    let inHand: NodeJS.Timeout | null = null
    try {
      const [, first] = await Promise.all([acknowledged, parts.asks.firstSight(interaction)])
      if (!first) return false
      isOurs = true
      inHand = setInterval(
        () => void parts.asks.stillInHand(interaction).catch(() => {}),
        SAY_IN_HAND_EVERY_MS,
      )
      const policy = await policyOf(parts.policy)
      const actor = identify(policy, met.actor)
      judged = { policy, actor }
      await act(policy, actor)
      record('ok')
      counted('ok', seconds())
      parts.log.info('answered', {
        what: note.kind === 'press' ? note.what : note.kind,
        person: actor.person ?? actor.id,
        platform: actor.platform,
        reference,
      })
    } catch (thrown) {
      const error = BotError.from(thrown)
      // Cut off from Redis alone, it cannot know that another one answers; that one acknowledged, so it does.
      if (!isOurs && (await acknowledged.catch(() => undefined)) === 'by another') return false
      record(error.code)
      logFailure(parts.log, 'not done', error, {
        what: note.kind === 'press' ? note.what : note.kind,
        actor: met.actor.id,
        platform: met.actor.platform,
        reference,
      })
      await answerAnyway(exchange, error, reference, parts.log)
      counted(error.code, seconds())
    } finally {
      if (inHand) {
        clearInterval(inHand)
        // Without Redis it is believed in hand for a while and forgotten then, like that of a process that died.
        if (!note.started) await parts.asks.dealtWith(interaction).catch(() => {})
      }
      underWay--
    }
    return true
  }

  async function runCommand(
    policy: Policy,
    actor: Actor,
    invocation: Invocation,
    exchange: Exchange,
    known: (command: string) => void,
    note: Note,
  ) {
    const { conversation, said } = invocation
    const { commands } = parts.definitions
    const { command, raw } =
      said.form === 'words'
        ? parseWords(said.text, commands)
        : { command: typedCommand(commands, said.command), raw: { ...said.options } }
    known(command.name)
    note.what = describeCommand(command, raw)
    note.subjects.push(...subjectsOfCommand(command, raw))
    authorize(policy, actor, conversation, command.requires)
    if (said.form === 'words') {
      await readFiles(command, raw, said, conversation)
      note.what = describeCommand(command, raw)
    }
    const audience = command.answers === 'privately' ? 'asker' : 'everyone'
    const able = createDoing(parts, invocation, actor, exchange, audience, command.requires, runId =>
      noteRun(note, runId),
    )
    try {
      await command.run({
        ...able,
        requests: requestsFor(policy, actor, invocation),
        operations: operationsFor(policy, actor, note),
        may: permission => may(policy, actor, conversation, permission),
        options: readOptions(command, raw),
        examine: () => examineAll(parts.checkups),
        commands: () =>
          commands.filter(({ requires }) => requires === null || may(policy, actor, conversation, requires)),
        deliveries: () => openDeliveries(personOf(actor), parts),
        approvals: permission => describeApprovals(policy, permission, actor),
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
    note: Note,
  ) {
    authorize(policy, actor, press.conversation, definition.requires)
    const able = createDoing(parts, press, actor, exchange, 'asker', definition.requires, runId =>
      noteRun(note, runId),
    )
    try {
      await definition.run({
        ...able,
        requests: requestsFor(policy, actor, press),
        operations: operationsFor(policy, actor, note),
        subject: press.subject,
        fields: press.fields ?? {},
        deliveries: createHandOver({ ...press, actor }, exchange, { ...parts, poke }),
        run: parts.runs.read,
        async answer(runId, question, answer) {
          const at = new Date(parts.clock.now()).toISOString()
          const first = await parts.answers.give(runId, question, { answer, by: actor.name, at })
          await poke(runId)
          return first
        },
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
    keepToken: (interactionId, token, forMs) => parts.vault.seal(tokenAddress(interactionId), token, forMs),
    keptToken: interactionId => parts.vault.open(tokenAddress(interactionId)),
    onInvocation(invocation, exchange) {
      let command = 'unknown'
      const known = (name: string) => {
        command = name
      }
      const note: Note = { kind: 'command', what: 'unknown', subjects: [], started: false }
      return meet(
        invocation,
        exchange,
        note,
        (policy, actor) => runCommand(policy, actor, invocation, exchange, known, note),
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
        return runPress(policy, actor, press, exchange, definition, note)
      }
      // What a client sends is only a name once we know it.
      const name = parts.definitions.presses.has(press.press) ? press.press : 'unknown'
      const note: Note = {
        kind: 'press',
        what: name,
        subjects: subjectsOfPress(press.subject),
        started: false,
      }
      return meet(press, exchange, note, act, outcome => metrics.count('presses', { press: name, outcome }))
    },
  }
}

/** Where the token of an interaction rests; no run has such an id. */
const tokenAddress = (interactionId: string): VaultAddress => ({
  runId: `interaction-${interactionId}`,
  recipient: 'bot',
  label: 'token',
})

function noteRun(note: Note, runId: string): void {
  note.subjects.push(runId)
  note.started = true
}

/** Puts what files hold in their place. @throws BotError `input.invalid` for a secret that was spoken where others hear it */
async function readFiles(
  command: Command,
  raw: Record<string, string>,
  { readFile }: Words,
  conversation: Conversation,
): Promise<void> {
  for (const [name, option] of Object.entries(command.options)) {
    const given = raw[name]
    if (option.kind !== 'file' || given === undefined) continue
    const contents = readFile ? await readFile(given) : given
    if (option.sealed && contents === given && conversation.kind !== 'dm') {
      throw new BotError('input.invalid', 'A secret does not belong in a channel. The bot did not keep it.', {
        hint: 'Whoever could read it here may have it, so make a new one; then send that by direct message, or as a file in the form that opens for /okms alone.',
      })
    }
    raw[name] = contents
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
