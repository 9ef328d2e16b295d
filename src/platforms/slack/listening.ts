/**
 * What people do in Slack, brought to the bot: commands, mentions, buttons, forms. Slack is told at once that it arrived, before
 * anything that takes time; the person hears later. https://docs.slack.dev/tools/bolt-js/concepts/acknowledge
 */
import { setImmediate as othersFirst } from 'node:timers/promises'
import type { App } from '@slack/bolt'
import type { CommandFace } from '../../core/command-face.js'
import { BotError } from '../../core/errors.js'
import type { ChatListener, Exchange } from '../../core/ports/chat.js'
import type { Log } from '../../core/ports/log.js'
import { lines, type Reply, refusal } from '../../core/reply.js'
import { decodeCommand, decodeMention, decodePress, type Heard } from './commands.js'
import {
  chosenCommand,
  decodeSubmission,
  encodeChoice,
  encodeCommandForm,
  encodePressForm,
  FORM_CALLBACK,
  missingFiles,
  type Submitted,
} from './forms.js'
import type { UserGroups } from './groups.js'
import { BLOCKS } from './limits.js'
import { PRESS_PREFIX } from './replies.js'
import type { SlackWeb } from './web.js'

export interface ListeningParts {
  listener: ChatListener
  web: SlackWeb
  groups: UserGroups
  exchangeFor(heard: Heard): Exchange
  /** Workspaces that are served. */
  teamIds: readonly string[]
  botUserId: string
  log: Log
  /** Keeps the door open until it is done. */
  inHand(work: Promise<void>): Promise<void>
}

const SLASH = '/okms'

export function listen(app: App, parts: ListeningParts): void {
  const { listener, web, groups, log } = parts

  /** Does what was asked, once Slack knows that it arrived; whatever goes wrong is said to the person. */
  const attend = (heard: Heard, act: (exchange: Exchange) => Promise<void>) =>
    parts.inHand(
      (async () => {
        // Whoever came in the same moment is acknowledged before any of them is attended to.
        await othersFirst()
        const exchange = parts.exchangeFor(heard)
        if (!isServed(heard, parts.teamIds)) {
          log.warn('somebody of another workspace was refused', { ...heard.from })
          return say(
            exchange,
            refusal('The bot serves another workspace, so it does nothing for you here.'),
            log,
          )
        }
        try {
          await act(exchange)
        } catch (thrown) {
          const error = BotError.from(thrown)
          logTrouble(log, error)
          const told =
            error.code === 'bug'
              ? lines('Something broke here. Try again.')
              : refusal(error.message, error.hint)
          await say(exchange, told, log)
        }
      })(),
    )

  const withGroups = async ({ actor }: Heard) => ({ ...actor, groups: await groups.of(actor.id) })

  async function invokeWords(heard: Heard, text: string, exchange: Exchange): Promise<void> {
    const { id, conversation } = heard
    const actor = await withGroups(heard)
    await listener.onInvocation({ id, actor, conversation, said: { form: 'words', text } }, exchange)
  }

  async function open(heard: Heard, view: Parameters<SlackWeb['openView']>[1]): Promise<void> {
    try {
      await web.openView(heard.triggerId!, view)
    } catch (cause) {
      throw new BotError('chat.refused', 'Slack did not open the form in time.', {
        hint: 'Try once more.',
        cause,
      })
    }
  }

  app.command(SLASH, async ({ body, ack }) => {
    await ack()
    const { heard, text } = decodeCommand(body)
    await attend(heard, exchange =>
      text === ''
        ? open(heard, encodeChoice(listener.commands(), heard))
        : invokeWords(heard, text, exchange),
    )
  })

  app.event('app_mention', async ({ body }) => {
    const said = decodeMention(body, parts.botUserId)
    if (!said) return
    const { heard, text } = said
    await attend(heard, async exchange => {
      // The event says who, but not what they are called.
      const actor = { ...heard.actor, name: await web.nameOf(heard.actor.id) }
      await invokeWords({ ...heard, actor }, text, exchange)
    })
  })

  app.action(new RegExp(`^${PRESS_PREFIX}`), async ({ body, ack }) => {
    await ack()
    const { heard, press } = decodePress(body)
    await attend(heard, async exchange => {
      const form = listener.form(press.press)
      if (form) return open(heard, encodePressForm(form, press, heard))
      const { id, conversation } = heard
      await listener.onPress({ id, actor: await withGroups(heard), conversation, ...press }, exchange)
    })
  })

  app.view(FORM_CALLBACK, async ({ body, ack }) => {
    const submitted = decodeSubmission(body)
    const { purpose, heard } = submitted
    if (purpose.about === 'choice') {
      const command = chosenCommand(submitted, listener.commands())
      if (command && Object.keys(command.options).length > 0) {
        await ack({ response_action: 'update', view: encodeCommandForm(command, heard) })
        return
      }
      await ack()
      await attend(heard, exchange => invokeTyped(submitted, command?.name ?? '', {}, exchange))
      return
    }
    const files = fileFields(submitted)
    const errors = missingFiles(files, submitted)
    if (Object.keys(errors).length > 0) {
      await ack({ response_action: 'errors', errors })
      return
    }
    await ack()
    await attend(heard, async exchange => {
      const values = { ...submitted.values, ...(await downloaded(submitted, files)) }
      if (purpose.about === 'command') return invokeTyped(submitted, purpose.command, values, exchange)
      const { press, subject } = purpose
      const { id, conversation } = heard
      const actor = await withGroups(heard)
      await listener.onPress({ id, actor, conversation, press, subject, fields: values }, exchange)
    })
  })

  async function invokeTyped(
    { heard }: Submitted,
    command: string,
    options: Record<string, string>,
    exchange: Exchange,
  ): Promise<void> {
    const { id, conversation } = heard
    const actor = await withGroups(heard)
    await listener.onInvocation(
      { id, actor, conversation, said: { form: 'typed', command, options } },
      exchange,
    )
  }

  function fileFields({ purpose }: Submitted): FileField[] {
    if (purpose.about === 'command') {
      return optionFiles(listener.commands().find(({ name }) => name === purpose.command))
    }
    if (purpose.about === 'choice') return []
    const fields = listener.form(purpose.press)?.fields ?? []
    return fields
      .filter(({ kind }) => kind === 'file')
      .map(({ name, required, maxLength }) => ({
        name,
        required,
        maxBytes: maxLength ?? BLOCKS.plainInputChars,
      }))
  }

  async function downloaded(
    { uploads }: Submitted,
    files: readonly FileField[],
  ): Promise<Record<string, string>> {
    const texts: Record<string, string> = {}
    for (const { name, maxBytes } of files) {
      const id = uploads[name]
      if (id !== undefined) texts[name] = await web.download(id, maxBytes)
    }
    return texts
  }
}

interface FileField {
  name: string
  required: boolean
  maxBytes: number
}

const optionFiles = (command: CommandFace | undefined): FileField[] =>
  Object.entries(command?.options ?? {})
    .filter(([, { kind }]) => kind === 'file')
    .map(([name, { required, maxLength }]) => ({ name, required, maxBytes: maxLength }))

/**
 * Whether payload and person are of a workspace that is served: in a channel shared by Slack Connect they may differ. An
 * organisation in the list stands for its workspaces, not for guests from elsewhere.
 */
export function isServed({ from }: Pick<Heard, 'from'>, teamIds: readonly string[]): boolean {
  const { teamId, enterpriseId, userTeamId } = from
  const listed = (id: string | null) => id !== null && teamIds.includes(id)
  if (!listed(teamId) && !listed(enterpriseId)) return false
  return userTeamId === null || listed(userTeamId) || userTeamId === teamId
}

function logTrouble(log: Log, error: BotError): void {
  const record = { code: error.code, reason: error.message, ...error.details }
  if (error.code !== 'bug') log.info('not attended to', record)
  else
    log.error('not attended to', {
      ...record,
      stack: error.cause instanceof Error ? error.cause.stack : undefined,
    })
}

async function say(exchange: Exchange, reply: Reply, log: Log): Promise<void> {
  await exchange
    .answer(reply, 'asker')
    .catch(error => log.warn('a refusal could not be shown', { reason: String(error) }))
}
