/** A person at Discord's own client: offers only what the bot published, shows only what this person may see. */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Place, SeenFile, Talker } from '../talking.js'
import { type Component, flatten } from './rules.js'
import type { FakeDiscord } from './server.js'
import { readMessage } from './text.js'
import {
  APPLICATION,
  type Channel,
  FOREIGN_GUILD,
  type Interaction,
  type Message,
  messagePayload,
  type User,
} from './world.js'

interface Node {
  name: string
  type: number
  required?: boolean
  autocomplete?: boolean
  max_length?: number
  choices?: { value: string }[]
  options?: Node[]
}
const TYPE = { sub: 1, group: 2, string: 3, attachment: 11 } as const
const INTERACTION = { command: 2, component: 3, autocomplete: 4, modal: 5 } as const
const HOME = 'ops'

export type OptionValue = string | { name: string; bytes: Buffer }

export interface DiscordPerson extends Talker {
  readonly user: User
  /** `/okms credential` with options by their name at Discord; a file is uploaded. */
  runs(command: string, options?: Record<string, OptionValue>, place?: Place): Promise<Interaction>
  /** What is offered while an option is typed. */
  isOffered(command: string, option: string, typed: string, place?: Place): Promise<string[]>
  /** Messages, as the client holds them. */
  messages(place?: Place): Message[]
  closesDirectMessages(): void
  /** Presses a button by its id on a message, even one that is there no more. */
  pressesId(message: Message, customId: string): Promise<Interaction>
}

export function createPerson(fake: FakeDiscord, user: User): DiscordPerson {
  const { world } = fake
  let form: { interaction: Interaction; source: Message | null } | null = null

  const channelAt = (place: Place | undefined): Channel => {
    if (place === undefined) return fake.channel(HOME)
    if (place === 'dm') return world.directMessages(user.id)
    if ('channel' in place) return fake.channel(place.channel)
    return threadOf(place.thread)
  }

  /** The thread under the card that names the run. */
  function threadOf(runId: string): Channel {
    const card = world.messages.find(
      message => world.channels.get(message.id)?.type === 11 && readMessage(message, world).includes(runId),
    )
    if (!card) throw new Error(`${user.name} sees no thread of ${runId}`)
    return world.channel(card.id)
  }

  function visible(place?: Place): Message[] {
    const at = place === undefined ? null : channelAt(place).id
    return world.visibleTo(user.id).filter(({ channelId }) => at === null || channelId === at)
  }

  function context(channel: Channel) {
    const account = {
      id: user.id,
      username: user.name,
      global_name: user.name,
      discriminator: '0',
      avatar: null,
    }
    const common = {
      channel_id: channel.id,
      channel: {
        id: channel.id,
        type: channel.type,
        name: channel.name,
        ...(channel.parentId ? { parent_id: channel.parentId } : {}),
      },
      application_id: APPLICATION,
      version: 1,
      app_permissions: '0',
      locale: 'en-GB',
      entitlements: [],
      authorizing_integration_owners: {},
      attachment_size_limit: 10_485_760,
    }
    if (channel.type === 1) return { ...common, context: 1, user: account }
    return {
      ...common,
      context: 0,
      guild_id: channel.guildId,
      member: {
        user: account,
        roles: user.roles,
        permissions: '0',
        nick: null,
        joined_at: new Date(0).toISOString(),
        deaf: false,
        mute: false,
        flags: 0,
      },
    }
  }

  async function interact(
    type: number,
    channel: Channel,
    data: unknown,
    source?: Message,
  ): Promise<Interaction> {
    const interaction = world.interaction({ type, userId: user.id, channelId: channel.id })
    const reached = fake.gateway.dispatch('INTERACTION_CREATE', {
      ...context(channel),
      id: interaction.id,
      token: interaction.token,
      type,
      data,
      ...(source ? { message: messagePayload(source, '') } : {}),
    })
    if (!reached) throw new Error('The application did not respond')
    await fake.firstAnswer(interaction)
    return interaction
  }

  function declared(words: string, channel: Channel): { path: Node[]; options: Node[] } {
    const [slash, ...rest] = words.trim().split(/\s+/)
    const published = world.commands.get(channel.guildId ?? '')?.find(({ body }) => `/${body.name}` === slash)
    if (!published) throw new Error(`${user.name} sees no command ${slash} there`)
    const path: Node[] = []
    let options = (published.body.options ?? []) as Node[]
    for (const word of rest) {
      const next = options.find(({ name, type }) => name === word && type <= TYPE.group)
      if (!next) throw new Error(`${user.name} sees no command ${words}`)
      path.push(next)
      options = next.options ?? []
    }
    return { path, options }
  }

  const nested = (path: readonly Node[], options: unknown[]): unknown[] =>
    path.reduceRight<unknown[]>((inner, { name, type }) => [{ name, type, options: inner }], options)

  const commandData = (channel: Channel, options: unknown[], resolved = {}) => ({
    id: world.commands.get(channel.guildId ?? '')?.[0]?.id,
    name: 'okms',
    type: 1,
    options,
    resolved,
  })

  async function runs(
    command: string,
    given: Record<string, OptionValue> = {},
    place?: Place,
  ): Promise<Interaction> {
    const channel = channelAt(place)
    const { path, options } = declared(command, channel)
    const attachments: Record<string, unknown> = {}
    for (const { name, required } of options)
      if (required && given[name] === undefined) throw new Error(`Discord asks for ${name}`)
    const sent = Object.entries(given).map(([name, value]) => {
      const option = options.find(one => one.name === name)
      if (!option) throw new Error(`Discord shows no option ${name} of ${command}`)
      if (typeof value !== 'string') {
        if (option.type !== TYPE.attachment) throw new Error(`${name} takes no file`)
        const uploaded = fake.upload(value.name, value.bytes)
        attachments[uploaded.id] = uploaded
        return { name, type: option.type, value: uploaded.id }
      }
      if (option.type !== TYPE.string) throw new Error(`${name} takes no text`)
      if (option.choices && !option.choices.some(choice => choice.value === value))
        throw new Error(`${value} cannot be chosen for ${name}`)
      if (value.length > (option.max_length ?? 6000))
        throw new Error(`${name} takes no more than ${option.max_length} characters`)
      return { name, type: option.type, value }
    })
    return interact(INTERACTION.command, channel, commandData(channel, nested(path, sent), { attachments }))
  }

  /** `/okms credential reader 30d key:bot`, filled into the options in the order in which Discord shows them. */
  async function says(line: string, place?: Place, uploads: Record<string, OptionValue> = {}): Promise<void> {
    const words = [...line.matchAll(/([\w-]+):"([^"]*)"|"([^"]*)"|(\S+)/g)].map(
      ([, name, quoted, alone, word]) => (name === undefined ? (alone ?? word!) : `${name}:${quoted}`),
    )
    const channel = channelAt(place)
    let depth = words.length
    for (; depth > 1; depth--) {
      try {
        declared(words.slice(0, depth).join(' '), channel)
        break
      } catch {}
    }
    const command = words.slice(0, depth).join(' ')
    const { options } = declared(command, channel)
    const given: Record<string, OptionValue> = { ...uploads }
    const free = options.map(({ name }) => name)
    for (const word of words.slice(depth)) {
      const named = /^([\w-]+):([\s\S]*)$/.exec(word)
      const name = named && free.includes(named[1]!) ? named[1]! : free.find(one => given[one] === undefined)
      if (name === undefined) throw new Error(`Discord shows no more options for ${word}`)
      const value = named && name === named[1] ? named[2]! : word
      const isFile = options.find(one => one.name === name)?.type === TYPE.attachment
      given[name] = isFile ? { name: basename(value), bytes: readFileSync(value) } : value
    }
    await runs(command, given, place)
  }

  const plain = (label: string) =>
    label
      .replace(/(…|\.\.\.)$/, '')
      .trim()
      .toLowerCase()

  function newestButton(label: string, runId?: string): { message: Message; button: Component } {
    const found = visible().flatMap(message =>
      flatten(message.components)
        .filter(one => one.type === 2 && plain(one.label!) === plain(label))
        .filter(({ custom_id: id }) => runId === undefined || id!.endsWith(`:${runId}`))
        .map(button => ({ message, button })),
    )
    const newest = found.at(-1)
    if (!newest) throw new Error(`${user.name} sees no button ${label}`)
    return newest
  }

  async function pressesId(message: Message, customId: string): Promise<Interaction> {
    const data = { component_type: 2, custom_id: customId }
    const interaction = await interact(INTERACTION.component, world.channel(message.channelId), data, message)
    form = interaction.modal ? { interaction, source: message } : null
    return interaction
  }

  async function fills(fields: Readonly<Record<string, string>>): Promise<void> {
    if (!form?.interaction.modal) throw new Error(`${user.name} has no form open`)
    const { customId, components } = form.interaction.modal
    const attachments: Record<string, unknown> = {}
    const known = components.map(({ component }) => component!)
    for (const name of Object.keys(fields))
      if (!known.some(({ custom_id: id }) => id === name)) throw new Error(`The form has no field ${name}`)
    const filled = known.map(component => {
      const { custom_id: name, type } = component
      const value = fields[name!] ?? ''
      if ((component as { required?: boolean }).required && value === '')
        throw new Error(`The form asks for ${name}`)
      if (type !== 19) return { type: 18, id: 1, component: { type, id: 2, custom_id: name, value } }
      const uploaded = value === '' ? null : fake.upload(basename(value), readFileSync(value))
      if (uploaded) attachments[uploaded.id] = uploaded
      return {
        type: 18,
        id: 1,
        component: { type, id: 2, custom_id: name, values: uploaded ? [uploaded.id] : [] },
      }
    })
    const { source, interaction } = form
    form = null
    await interact(
      INTERACTION.modal,
      world.channel(interaction.channelId),
      { custom_id: customId, components: filled, resolved: { attachments } },
      source ?? undefined,
    )
  }

  return {
    name: user.name,
    user,
    says: (line, place) => says(line, place),
    brings: (line, option, file) => says(line, undefined, { [option]: file }),
    // An option for a file takes an upload and nothing else.
    pastes: null,
    runs,
    fills,
    pressesId,
    async presses(label, runId) {
      const { message, button } = newestButton(label, runId)
      await pressesId(message, button.custom_id!)
    },
    sees: place => visible(place).map(message => readMessage(message, world)),
    messages: visible,
    async files(): Promise<SeenFile[]> {
      return visible().flatMap(({ attachments }) => attachments.map(({ name, bytes }) => ({ name, bytes })))
    },
    async isOffered(command, option, typed, place) {
      const channel = channelAt(place)
      const { path, options } = declared(command, channel)
      if (!options.find(({ name }) => name === option)?.autocomplete)
        throw new Error(`${option} is not completed`)
      const data = commandData(
        channel,
        nested(path, [{ name: option, type: TYPE.string, value: typed, focused: true }]),
      )
      return (await interact(INTERACTION.autocomplete, channel, data)).choices ?? []
    },
    closesDirectMessages() {
      user.closedDms = true
    },
  }
}

export { FOREIGN_GUILD }
