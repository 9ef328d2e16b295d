/** A person in the stand-in for Slack: types, presses, fills in and reads, by what the clients allow. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Place, SeenFile, Talker } from '../talking.js'
import type { Acknowledged, Delivery } from './deliver.js'
import { buttonsOf, type SeenButton, shownText } from './seen.js'
import type { SlackServer } from './server.js'
import { type Block, BOT_USER, type Channel, type Message, type OpenView, TEAM, type World } from './world.js'

export interface SlackPerson extends Talker {
  readonly id: string
  /** `uploads`: files for the upload fields of the form, by field. */
  fills(fields: Readonly<Record<string, string>>, uploads?: Readonly<Record<string, SeenFile>>): Promise<void>
  /** The form that opens next, or is open: its title, then labels of its fields with their hints. */
  form(): Promise<string[]>
  /** What the bot found wrong with the form, by block. */
  formErrors(): Record<string, string>
  /** Presses as somebody else's client would, a button that this person may not even see. */
  pressesUnseen(label: string, runId?: string): Promise<void>
  messages(place?: Place): Message[]
}

/** A trigger is good for no longer. */
const FORM_WITHIN_MS = 3000
const LOOK_EVERY_MS = 10

export interface PersonParts {
  world: World
  server: SlackServer
  delivery(): Delivery
  /** The channel people are in unless they say otherwise. */
  home: string
  /** The workspace of the person; another one than the bot's for guests. */
  team?: string
}

export function createPerson(name: string, parts: PersonParts): SlackPerson {
  const { world, server } = parts
  const id = world.users.get(name)!
  const team = parts.team ?? TEAM
  let errors: Record<string, string> = {}

  const visible = () => world.messages.filter(message => world.canSee(id, message))

  function channelOf(place: Place | undefined): Channel {
    if (place === 'dm') return world.directMessages(id)
    if (place !== undefined && 'thread' in place) return world.channels.get(rootOf(place.thread).channel)!
    const wanted = place?.channel ?? parts.home
    const channel = [...world.channels.values()].find(one => one.name === wanted)
    if (!channel?.members.has(id)) throw new Error(`${name} is in no channel ${wanted}`)
    return channel
  }

  /** The message in a channel that a run's thread hangs under. */
  function rootOf(runId: string): Message {
    const root = visible().find(
      message =>
        message.threadTs === null &&
        message.only === null &&
        !message.channel.startsWith('D') &&
        shownText(message, world).includes(runId),
    )
    if (!root) throw new Error(`no message names run ${runId}`)
    return root
  }

  function messages(place?: Place): Message[] {
    const all = visible().filter(({ by }) => by === BOT_USER)
    if (place === undefined) return all
    const channel = channelOf(place)
    const root = place !== 'dm' && 'thread' in place ? rootOf(place.thread).ts : null
    return all.filter(
      message => message.channel === channel.id && (place === 'dm' || message.threadTs === root),
    )
  }

  /** A form opens a moment after what was pressed; a client shows it when it comes. */
  async function openForm(): Promise<OpenView> {
    for (let waitedMs = 0; waitedMs < FORM_WITHIN_MS; waitedMs += LOOK_EVERY_MS) {
      const open = world.views.get(id)
      if (open) return open
      await sleep(LOOK_EVERY_MS)
    }
    throw new Error(`${name} has no form open`)
  }

  function responseUrl(channel: string, threadTs: string | null, source: Message | null): string {
    const key = world.next('respond-')
    world.responseUrls.set(key, {
      channel,
      threadTs,
      user: id,
      uses: 0,
      atMs: world.clock.now(),
      source,
      last: null,
    })
    return `${server.site.url}/respond/${key}`
  }

  async function slash(text: string, channel: Channel): Promise<void> {
    world.views.delete(id)
    await parts.delivery().send('command', {
      token: 'deprecated',
      team_id: team,
      team_domain: 'team',
      channel_id: channel.id,
      channel_name: channel.name,
      user_id: id,
      user_name: name,
      command: '/okms',
      text: entities(text),
      api_app_id: 'A00APP',
      is_enterprise_install: 'false',
      response_url: responseUrl(channel.id, null, null),
      trigger_id: world.newTrigger(id),
    })
  }

  async function mention(text: string, channel: Channel, threadTs: string | null): Promise<void> {
    const said = `<@${BOT_USER}> ${entities(text)}`
    const { ts } = world.add({ channel: channel.id, threadTs, by: id, text: said, blocks: [] })
    if (!channel.members.has(BOT_USER)) return
    await parts.delivery().send('event', {
      token: 'deprecated',
      type: 'event_callback',
      team_id: TEAM,
      api_app_id: 'A00APP',
      event_id: world.next('Ev'),
      event_time: Math.floor(world.clock.now() / 1000),
      authorizations: [{ team_id: TEAM, user_id: BOT_USER, is_bot: true, is_enterprise_install: false }],
      event: {
        type: 'app_mention',
        user: id,
        team,
        text: said,
        channel: channel.id,
        ts,
        event_ts: ts,
        ...(threadTs === null ? {} : { thread_ts: threadTs }),
      },
    })
  }

  function findButton(
    label: string,
    runId: string | undefined,
    among: Message[],
  ): { message: Message; button: SeenButton } {
    const bare = (text: string) =>
      text
        .replace(/(…|\.\.\.)$/, '')
        .trim()
        .toLowerCase()
    const found = among
      .flatMap(message => buttonsOf(message).map(button => ({ message, button })))
      .filter(
        ({ button }) => bare(button.label) === bare(label) && (runId === undefined || button.value === runId),
      )
      .at(-1)
    if (!found) throw new Error(`${name} sees no button ${label}`)
    return found
  }

  async function press({ message, button }: { message: Message; button: SeenButton }): Promise<void> {
    const channel = world.channels.get(message.channel)!
    errors = {}
    world.views.delete(id)
    await parts.delivery().send('interactive', {
      type: 'block_actions',
      user: { id, username: name, name, team_id: team },
      api_app_id: 'A00APP',
      token: 'deprecated',
      container: {
        type: 'message',
        message_ts: message.ts,
        channel_id: message.channel,
        is_ephemeral: message.only !== null,
        ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
      },
      trigger_id: world.newTrigger(id),
      team: { id: TEAM, domain: 'team' },
      enterprise: null,
      is_enterprise_install: false,
      channel: { id: channel.id, name: channel.name },
      ...(message.only === null
        ? {
            message: {
              type: 'message',
              ts: message.ts,
              ...(message.threadTs === null ? {} : { thread_ts: message.threadTs }),
            },
          }
        : {}),
      response_url: responseUrl(message.channel, message.threadTs, message),
      actions: [
        {
          type: 'button',
          action_id: button.actionId,
          block_id: button.blockId,
          value: button.value,
          action_ts: world.newTs(),
        },
      ],
    })
  }

  const self: SlackPerson = {
    name,
    id,

    async brings(line, option, file) {
      // A slash command carries no file: a bare one opens the form that does.
      const [, command = '', rest = ''] = /^\/okms ((?:key |reminders )?\S+)\s*(.*)$/.exec(line)!
      const words = rest.split(/\s+/)
      await self.says('/okms')
      await self.fills({ command })
      const [, ...labels] = await self.form()
      const named = labels.map(label => label.split(':')[0]!)
      const fields = words.map((word, i) => {
        const [name, value] = word.split(':', 2) as [string, string | undefined]
        return value !== undefined && named.includes(name) ? [name, value] : [named[i]!, word]
      })
      await self.fills(Object.fromEntries(fields), { [option]: file })
    },
    pastes: (line, option, text) => self.says(`${line} ${option}:"${text.trim().replaceAll('\n', '\\n')}"`),

    async says(line, place) {
      const slashed = /^\/okms(?:\s+(.*))?$/s.exec(line)
      if (slashed) {
        if (place !== undefined && place !== 'dm' && 'thread' in place) {
          throw new Error('slash commands cannot be typed in threads')
        }
        return slash(slashed[1] ?? '', channelOf(place))
      }
      const mentioned = /^@okms\s+(.*)$/s.exec(line)
      if (!mentioned) throw new Error(`nobody listens to "${line}"`)
      const threadTs =
        place !== undefined && place !== 'dm' && 'thread' in place ? rootOf(place.thread).ts : null
      return mention(mentioned[1]!, channelOf(place), threadTs)
    },

    presses: (label, runId) => press(findButton(label, runId, visible())),
    pressesUnseen: (label, runId) => press(findButton(label, runId, world.messages)),

    async fills(fields, uploads = {}) {
      const open = await openForm()
      const values = stateOf(open.view, fields, uploads, ({ name: fileName, bytes }) => {
        const fileId = world.next('F')
        world.files.set(fileId, {
          id: fileId,
          name: fileName,
          alt: '',
          by: id,
          bytes,
          length: bytes.length,
          shares: new Map(),
        })
        return fileId
      })
      const answer = await parts.delivery().send('interactive', {
        type: 'view_submission',
        team: { id: TEAM, domain: 'team' },
        enterprise: null,
        is_enterprise_install: false,
        user: { id, username: name, name, team_id: team },
        api_app_id: 'A00APP',
        token: 'deprecated',
        trigger_id: world.newTrigger(id),
        view: { ...open.view, id: open.id, state: { values }, hash: world.next('hash') },
        response_urls: [],
      })
      errors = errorsIn(answer)
      if (Object.keys(errors).length > 0) return
      const update = updateIn(answer)
      if (update) world.views.set(id, { ...open, view: update })
      else world.views.delete(id)
    },

    async form() {
      const { view } = await openForm()
      const fields = (view.blocks as { label: { text: string }; hint?: { text: string } }[]).map(
        ({ label, hint }) => label.text + (hint ? `: ${hint.text}` : ''),
      )
      return [(view.title as { text: string }).text, ...fields]
    },
    formErrors: () => errors,

    messages,
    sees: place => messages(place).map(message => shownText(message, world)),
    async files() {
      return visible().flatMap(({ channel, files }) =>
        files.flatMap(fileId => {
          const file = world.files.get(fileId)
          // Shared in the background: until then nobody sees it.
          const isShown = (file?.shares.get(channel)?.visibleAtMs ?? Number.POSITIVE_INFINITY) <= Date.now()
          return file?.bytes && isShown ? [{ name: file.name, bytes: file.bytes }] : []
        }),
      )
    },
  }
  return self
}

/** What Slack makes of typed text. */
const entities = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

interface InputBlock {
  block_id: string
  label: { text: string }
  optional?: boolean
  element: {
    type: string
    action_id: string
    max_length?: number
    filetypes?: string[]
    options?: { text: unknown; value: string }[]
  }
}

/** As a client would send it, after what a client checks by itself. */
function stateOf(
  view: Block,
  fields: Readonly<Record<string, string>>,
  uploads: Readonly<Record<string, SeenFile>>,
  store: (file: SeenFile) => string,
): Record<string, Record<string, unknown>> {
  const blocks = view.blocks as InputBlock[]
  const named = (wanted: string) =>
    blocks.find(
      ({ block_id, label }) => block_id === wanted || label.text.toLowerCase() === wanted.toLowerCase(),
    )
  const stray = [...Object.keys(fields), ...Object.keys(uploads)].find(wanted => !named(wanted))
  if (stray !== undefined) throw new Error(`the form has no field ${stray}`)
  const values: Record<string, Record<string, unknown>> = {}
  for (const block of blocks) {
    const { element } = block
    const given = Object.entries(fields).find(([wanted]) => named(wanted) === block)?.[1]
    const file = Object.entries(uploads).find(([wanted]) => named(wanted) === block)?.[1]
    if (given === undefined && file === undefined && block.optional !== true) {
      throw new Error(`the client wants ${block.label.text} filled in`)
    }
    values[block.block_id] = {
      [element.action_id]: { type: element.type, ...entered(element, given, file, store) },
    }
  }
  return values
}

function entered(
  { type, max_length: longest, filetypes, options }: InputBlock['element'],
  given: string | undefined,
  file: SeenFile | undefined,
  store: (file: SeenFile) => string,
): Record<string, unknown> {
  if (type === 'file_input') {
    if (!file) return { files: [] }
    if (filetypes && !filetypes.includes(file.name.split('.').at(-1)!))
      throw new Error(`${file.name} is not accepted`)
    return { files: [{ id: store(file), name: file.name }] }
  }
  if (type === 'static_select') {
    const option = options!.find(({ value }) => value === given)
    if (given !== undefined && !option) throw new Error(`${given} is no choice`)
    return { selected_option: option ?? null }
  }
  if (given !== undefined && given.length > (longest ?? 3000))
    throw new Error('the client takes no more characters')
  return { value: given ?? null }
}

const errorsIn = ({ body }: Acknowledged) =>
  (body as { response_action?: string; errors?: Record<string, string> } | undefined)?.errors ?? {}
function updateIn({ body }: Acknowledged): Block | null {
  const answer = body as { response_action?: string; view?: Block } | undefined
  return answer?.response_action === 'update' ? answer.view! : null
}
