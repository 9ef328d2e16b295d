/**
 * The app manifest that an administrator pastes: exactly the scopes that the methods and events we use need, each with its reason.
 * Pure. https://docs.slack.dev/reference/app-manifest
 */

/** What each scope is for. A method whose scope depends on the kind of channel stands under each of them. */
export const SCOPES: Readonly<Record<string, { methods: readonly string[]; why: string }>> = {
  commands: { methods: [], why: 'the slash command /okms' },
  'app_mentions:read': {
    methods: [],
    why: 'mentions in channels and threads, where slash commands cannot be typed',
  },
  'chat:write': {
    methods: ['chat.postMessage', 'chat.postEphemeral', 'chat.update', 'chat.delete'],
    why: 'cards, answers for one person, edits, and taking messages back',
  },
  'im:write': {
    methods: ['conversations.open'],
    why: 'direct messages: cards of private runs and what is handed over',
  },
  'files:write': {
    methods: ['files.getUploadURLExternal', 'files.completeUploadExternal', 'files.delete'],
    why: 'credentials as files in direct messages, deleted once saved; long lists as .txt',
  },
  'files:read': {
    methods: ['files.info'],
    why: 'to see that a file has arrived before saying so, and to read an uploaded signing request',
  },
  'users:read': { methods: ['users.info'], why: 'what people are called, which a mention does not say' },
  'usergroups:read': { methods: ['usergroups.list'], why: 'user groups that the policy file names' },
  'channels:history': {
    methods: ['conversations.history', 'conversations.replies'],
    why: 'after a crash, to find out whether a message was sent already (public channels)',
  },
  'groups:history': {
    methods: ['conversations.history', 'conversations.replies'],
    why: 'the same in private channels',
  },
  'im:history': {
    methods: ['conversations.history', 'conversations.replies'],
    why: 'the same in direct messages with the bot',
  },
}

/** Methods that any bot token may call. */
export const SCOPELESS_METHODS = ['auth.test', 'views.open'] as const

export const EVENTS = ['app_mention'] as const

/** `url`: the address of this bot for Slack, with https; `null`: Socket Mode. */
export function slackManifest(url: string | null) {
  const requestUrl = url === null ? null : new URL('/slack/events', url).href
  const at = requestUrl === null ? {} : { request_url: requestUrl }
  return {
    display_information: {
      name: 'okms-bot',
      description: 'Credentials and key servers of the OVHcloud KMS, from where you already talk',
    },
    features: {
      app_home: {
        home_tab_enabled: false,
        messages_tab_enabled: true,
        messages_tab_read_only_enabled: false,
      },
      bot_user: { display_name: 'okms', always_online: true },
      slash_commands: [
        {
          command: '/okms',
          description: 'OVHcloud KMS: list, credentials, key servers',
          usage_hint: 'list | credential reader 30d | help',
          should_escape: false,
          ...(requestUrl === null ? {} : { url: requestUrl }),
        },
      ],
    },
    oauth_config: { scopes: { bot: Object.keys(SCOPES) } },
    settings: {
      event_subscriptions: { ...at, bot_events: [...EVENTS] },
      interactivity: { is_enabled: true, ...at },
      org_deploy_enabled: false,
      socket_mode_enabled: url === null,
      token_rotation_enabled: false,
    },
  }
}

/** As YAML, with the reason beside each scope. */
export function manifestText(url: string | null): string {
  const notes = [
    '# Paste this at https://api.slack.com/apps, Create New App, From a manifest (YAML).',
    url === null
      ? '# Socket Mode: make an app-level token with connections:write for SLACK_APP_TOKEN.'
      : '# HTTP: the signing secret of the app is SLACK_SIGNING_SECRET.',
  ]
  return `${[...notes, ...yamlLines(slackManifest(url), '')].join('\n')}\n`
}

type Node = string | boolean | readonly Node[] | { readonly [key: string]: Node }

function yamlLines(node: Node, indent: string): string[] {
  if (typeof node !== 'object') return [`${indent}${scalar(node)}`]
  if (isList(node)) {
    return node.flatMap(item => {
      const [first, ...rest] = yamlLines(item, `${indent}  `)
      return [`${indent}- ${first!.trimStart()}`, ...rest]
    })
  }
  return Object.entries(node).flatMap(([key, value]) =>
    typeof value === 'object'
      ? [`${indent}${key}:`, ...yamlLines(value, `${indent}  `)]
      : [`${indent}${key}: ${scalar(value)}`],
  )
}

const isList = (node: object): node is readonly Node[] => Array.isArray(node)

function scalar(value: string | boolean): string {
  const scope = typeof value === 'string' ? SCOPES[value] : undefined
  return scope === undefined ? JSON.stringify(value) : `${JSON.stringify(value)} # ${scope.why}`
}
