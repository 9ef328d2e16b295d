/**
 * The Web API methods of the stand-in, each with every argument it knows: an unknown or missing one, text that is too long, a
 * channel the bot is not in are refused with Slack's own codes. https://docs.slack.dev/reference/methods
 */
import { checkBlocks, checkText, checkView, Refused } from './block-kit.js'
import { BOT_USER, type Channel, type Message, TEAM, type World } from './world.js'

type Args = Record<string, string>
type Answer = Record<string, unknown>

/** An answer `ok: false`. `ours`: the bot made a mistake that no state of Slack excuses. */
export class SlackRefusal extends Error {
  constructor(
    readonly code: string,
    readonly ours: string | null = null,
  ) {
    super(code)
  }
}

export interface Method {
  /** `!` marks a required one. */
  args: readonly string[]
  /** Any of these grants it; `null`: every token. */
  scopes: readonly string[] | null
  run(args: Args, world: World, site: Site): Answer
}

export interface Site {
  url: string
  socketUrl(): string
  shareAfterMs: number
}

/** A trigger lives so long. https://docs.slack.dev/surfaces/modals */
const TRIGGER_MS = 3000

const MESSAGE_ARGS = ['channel!', 'text', 'blocks', 'thread_ts']
const HISTORY = ['channels:history', 'groups:history', 'im:history']

export const METHODS: Readonly<Record<string, Method>> = {
  'auth.test': {
    args: [],
    scopes: null,
    run: () => ({ team_id: TEAM, user_id: BOT_USER, bot_id: 'B00BOT', user: 'okms', team: 'Team' }),
  },
  'chat.postMessage': {
    args: [...MESSAGE_ARGS, 'unfurl_links', 'unfurl_media', 'metadata'],
    scopes: ['chat:write'],
    run(args, world) {
      const channel = writable(args.channel!, world)
      const message = world.add({
        channel: channel.id,
        threadTs: threadOf(args, channel, world),
        by: BOT_USER,
        metadata: args.metadata === undefined ? null : parsed(args.metadata, 'metadata'),
        ...saidIn(args, 40_000),
      })
      return { channel: channel.id, ts: message.ts }
    },
  },
  'chat.postEphemeral': {
    args: [...MESSAGE_ARGS, 'user!'],
    scopes: ['chat:write'],
    run(args, world) {
      const channel = writable(args.channel!, world)
      if (!channel.members.has(args.user!)) throw new SlackRefusal('user_not_in_channel')
      const threadTs = threadOf(args, channel, world)
      const message = world.add({
        channel: channel.id,
        threadTs,
        by: BOT_USER,
        only: args.user!,
        ...saidIn(args, 40_000),
      })
      return { message_ts: message.ts }
    },
  },
  'chat.update': {
    args: ['channel!', 'ts!', 'text', 'blocks', 'metadata'],
    scopes: ['chat:write'],
    run(args, world) {
      const message = ownMessage(args, world, 'cant_update_message')
      Object.assign(message, saidIn(args, 4000))
      if (args.metadata !== undefined) message.metadata = parsed(args.metadata, 'metadata')
      return { channel: args.channel, ts: args.ts }
    },
  },
  'chat.delete': {
    args: ['channel!', 'ts!'],
    scopes: ['chat:write'],
    run(args, world) {
      world.drop(ownMessage(args, world, 'cant_delete_message'))
      return {}
    },
  },
  'conversations.open': {
    args: ['users!'],
    scopes: ['im:write'],
    run({ users }, world) {
      if (![...world.users.values()].includes(users!)) throw new SlackRefusal('user_not_found')
      if (world.closedDirectMessages.has(users!)) throw new SlackRefusal('user_disabled')
      return { channel: { id: world.directMessages(users!).id } }
    },
  },
  'conversations.history': {
    args: ['channel!', 'oldest', 'limit', 'cursor', 'include_all_metadata'],
    scopes: HISTORY,
    run: (args, world) => history(args, world, ({ threadTs }) => threadTs === null),
  },
  'conversations.replies': {
    args: ['channel!', 'ts!', 'oldest', 'limit', 'cursor', 'include_all_metadata'],
    scopes: HISTORY,
    run: (args, world) => history(args, world, ({ threadTs, ts }) => threadTs === args.ts || ts === args.ts),
  },
  'views.open': {
    args: ['trigger_id!', 'view!'],
    scopes: null,
    run(args, world) {
      const trigger = world.triggers.get(args.trigger_id!)
      if (!trigger) throw new SlackRefusal('invalid_trigger_id')
      if (trigger.used) throw new SlackRefusal('exchanged_trigger_id')
      if (Date.now() - trigger.atMs > TRIGGER_MS) throw new SlackRefusal('expired_trigger_id')
      const view = parsed(args.view!, 'view')
      lawful(() => checkView(view))
      trigger.used = true
      const id = world.next('V')
      world.views.set(trigger.user, { id, user: trigger.user, view })
      return { view: { id } }
    },
  },
  'users.info': {
    args: ['user!'],
    scopes: ['users:read'],
    run({ user }, world) {
      const found = [...world.users].find(([, id]) => id === user)
      if (!found) throw new SlackRefusal('user_not_found')
      return { user: { id: user, name: found[0] } }
    },
  },
  'usergroups.list': {
    args: ['include_users'],
    scopes: ['usergroups:read'],
    run: ({ include_users: withUsers }, world) => ({
      usergroups: [...world.userGroups].map(([id, users]) => ({
        id,
        ...(withUsers === 'true' ? { users } : {}),
      })),
    }),
  },
  'files.getUploadURLExternal': {
    args: ['filename!', 'length!', 'alt_txt', 'snippet_type'],
    scopes: ['files:write'],
    run({ filename, length, alt_txt: alt = '', snippet_type: snippet }, world, site) {
      if (alt.length > 1000) throw new SlackRefusal('alt_txt_too_large')
      if (snippet !== undefined)
        throw new SlackRefusal('invalid_arguments', 'snippet_type shows the text inline')
      const id = world.next('F')
      world.files.set(id, {
        id,
        name: filename!,
        alt,
        by: BOT_USER,
        bytes: null,
        length: Number(length),
        shares: new Map(),
      })
      return { upload_url: `${site.url}/upload/${id}`, file_id: id }
    },
  },
  'files.completeUploadExternal': {
    args: ['files!', 'channel_id', 'thread_ts', 'initial_comment', 'blocks'],
    scopes: ['files:write'],
    run(args, world, site) {
      const wanted = parsed(args.files!, 'files') as unknown as { id: string }[]
      const files = wanted.map(({ id }) => world.files.get(id))
      if (files.some(file => file?.bytes == null)) throw new SlackRefusal('file_not_found')
      if (args.channel_id !== undefined) {
        if (!/^[CGDZ]/.test(args.channel_id)) {
          throw new SlackRefusal('invalid_arguments', `files cannot be shared in ${args.channel_id}`)
        }
        const channel = writable(args.channel_id, world)
        const message = world.add({
          channel: channel.id,
          threadTs: threadOf(args, channel, world),
          by: BOT_USER,
          text: args.initial_comment ?? '',
          blocks: [],
          files: wanted.map(({ id }) => id),
        })
        const visibleAtMs = Date.now() + site.shareAfterMs
        for (const file of files) file!.shares.set(channel.id, { ts: message.ts, visibleAtMs })
      }
      // Slack shares in the background: what it answers knows nothing of it yet.
      return { files: wanted.map(({ id }) => ({ id, title: world.files.get(id)!.name })) }
    },
  },
  'files.info': {
    args: ['file!'],
    scopes: ['files:read'],
    run({ file: id }, world, site) {
      const file = world.files.get(id!)
      if (!file) throw new SlackRefusal('file_not_found')
      const shares: Record<string, Record<string, { ts: string }[]>> = {}
      for (const [channel, { ts, visibleAtMs }] of file.shares) {
        if (visibleAtMs > Date.now()) continue
        const kind = world.channels.get(channel)?.kind === 'public' ? 'public' : 'private'
        shares[kind] = { ...shares[kind], [channel]: [{ ts }] }
      }
      const address = `${site.url}/files/${id}/${encodeURIComponent(file.name)}`
      return {
        file: {
          id,
          name: file.name,
          size: file.bytes?.length ?? 0,
          url_private: address,
          url_private_download: address,
          shares,
        },
      }
    },
  },
  'files.delete': {
    args: ['file!'],
    scopes: ['files:write'],
    run({ file: id }, world) {
      const file = world.files.get(id!)
      if (!file) throw new SlackRefusal('file_not_found')
      if (file.by !== BOT_USER) throw new SlackRefusal('cant_delete_file')
      world.files.delete(id!)
      return {}
    },
  },
}

function history(args: Args, world: World, belongs: (message: Message) => boolean): Answer {
  const channel = world.channels.get(args.channel!)
  if (!channel) throw new SlackRefusal('channel_not_found')
  if (!channel.members.has(BOT_USER)) throw new SlackRefusal('not_in_channel')
  const limit = Number(args.limit ?? 100)
  if (limit > 999) throw new SlackRefusal('invalid_limit', 'limit is too large')
  const found = world.messages
    .filter(message => message.channel === channel.id && message.only === null && belongs(message))
    .filter(({ ts }) => Number(ts) >= Number(args.oldest ?? 0))
    .reverse()
  const from = Number(args.cursor ?? 0)
  const hasMore = found.length > from + limit
  return {
    messages: found.slice(from, from + limit).map(({ ts, text, by, metadata }) => ({
      ts,
      text,
      user: by,
      ...(metadata === null || args.include_all_metadata !== 'true' ? {} : { metadata }),
    })),
    has_more: hasMore,
    response_metadata: { next_cursor: hasMore ? String(from + limit) : '' },
  }
}

/** A channel that the bot may write in. */
function writable(id: string, world: World): Channel {
  const channel = world.channels.get(id)
  if (!channel || (channel.kind === 'private' && !channel.members.has(BOT_USER)))
    throw new SlackRefusal('channel_not_found')
  if (!channel.members.has(BOT_USER)) throw new SlackRefusal('not_in_channel')
  return channel
}

function threadOf({ thread_ts: ts }: Args, channel: Channel, world: World): string | null {
  if (ts === undefined) return null
  if (!world.find(channel.id, ts)) throw new SlackRefusal('thread_not_found')
  return ts
}

function ownMessage({ channel, ts }: Args, world: World, otherwise: string): Message {
  const message = world.find(channel!, ts!)
  if (!message) throw new SlackRefusal('message_not_found')
  if (message.by !== BOT_USER) throw new SlackRefusal(otherwise)
  return message
}

export function saidIn({ text, blocks }: Args, mostChars: number): Pick<Message, 'text' | 'blocks'> {
  if (text === undefined) throw new SlackRefusal('no_text', 'a message without text')
  if (text.length > mostChars) throw new SlackRefusal('msg_too_long', `text of ${text.length} characters`)
  const list = blocks === undefined ? [] : (parsed(blocks, 'blocks') as unknown as Message['blocks'])
  lawful(() => {
    checkText(text)
    if (blocks !== undefined) checkBlocks(list)
  })
  return { text, blocks: list }
}

function lawful(check: () => void): void {
  try {
    check()
  } catch (error) {
    if (error instanceof Refused) throw new SlackRefusal('invalid_blocks', error.message)
    throw error
  }
}

function parsed(text: string, what: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    throw new SlackRefusal('invalid_arguments', `${what} is no JSON`)
  }
}

/** @throws SlackRefusal `invalid_arguments` */
export function checkArgs(name: string, method: Method, args: Args): void {
  const known = method.args.map(arg => arg.replace('!', ''))
  const unknown = Object.keys(args).find(arg => !known.includes(arg))
  if (unknown !== undefined) throw new SlackRefusal('invalid_arguments', `${name} knows no ${unknown}`)
  const missing = method.args.find(arg => arg.endsWith('!') && (args[arg.slice(0, -1)] ?? '') === '')
  if (missing !== undefined) throw new SlackRefusal('invalid_arguments', `${name} needs ${missing}`)
}
