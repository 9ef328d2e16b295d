/**
 * decodeInvocation for Slack: slash commands, mentions, buttons and submitted forms, in our words. Their counterpart is
 * forms.ts. Ids are Slack's own for the interaction, so that a second delivery of the same is recognised.
 */
import type { Actor, Conversation } from '../../core/actor.js'
import type { Press } from '../../core/invocation.js'
import { unescaped } from './mrkdwn.js'
import { conversationAt } from './place.js'
import { PRESS_PREFIX } from './replies.js'
import { actionPayload, commandPayload, mentionPayload } from './schema.js'
import type { Spot } from './web.js'

/** Who did something where, and how they can be answered. */
export interface Heard {
  id: string
  /** Without groups, which are read later. */
  actor: Actor
  conversation: Conversation
  spot: Spot
  /** `null`: no such short-lived address came with it. */
  responseUrl: string | null
  /** Whether what is sent to `responseUrl` may replace what was: not where it would replace the message with the button. */
  mayReplace: boolean
  /** `null`: nothing that could open a form. */
  triggerId: string | null
  /** Where the payload and the person come from. */
  from: { teamId: string | null; enterpriseId: string | null; userTeamId: string | null }
}

/** @throws ZodError when Slack sent something else */
export function decodeCommand(body: unknown): { heard: Heard; text: string } {
  const payload = commandPayload.parse(body)
  const spot: Spot = { channel: payload.channel_id, threadTs: null }
  return {
    text: unmarked(payload.text),
    heard: {
      id: payload.trigger_id,
      actor: slackActor(payload.user_id, payload.user_name),
      conversation: conversationAt(spot, payload.channel_name),
      spot,
      responseUrl: payload.response_url,
      mayReplace: true,
      triggerId: payload.trigger_id,
      // The workspace of a slash command is that of the person who typed it.
      from: { teamId: payload.team_id, enterpriseId: payload.enterprise_id, userTeamId: null },
    },
  }
}

/** @throws ZodError when Slack sent something else */
export function decodePress(body: unknown): { heard: Heard; press: Pick<Press, 'press' | 'subject'> } {
  const payload = actionPayload.parse(body)
  const [action] = payload.actions
  const channel = payload.channel?.id ?? payload.container.channel_id ?? ''
  const messageTs = payload.container.message_ts ?? payload.message?.ts ?? null
  const threadTs = payload.container.thread_ts ?? payload.message?.thread_ts ?? null
  // The message that a thread hangs under stands in the channel itself.
  const spot: Spot = { channel, threadTs: threadTs === messageTs ? null : threadTs }
  const [press = ''] = action!.action_id.slice(PRESS_PREFIX.length).split('/')
  return {
    press: { press, subject: action!.value },
    heard: {
      id: payload.trigger_id,
      actor: slackActor(payload.user.id, payload.user.username ?? payload.user.name ?? ''),
      conversation: conversationAt(spot, payload.channel?.name ?? ''),
      spot,
      responseUrl: payload.response_url,
      mayReplace: false,
      triggerId: payload.trigger_id,
      from: { teamId: payload.team, enterpriseId: payload.enterprise, userTeamId: payload.user.team_id },
    },
  }
}

/**
 * `@okms approve 7F3K9Q2M` in a channel or thread; `null` for what other apps say.
 *
 * @param botUserId the bot's own account, whose mentions are left out of the text
 * @throws ZodError when Slack sent something else
 */
export function decodeMention(body: unknown, botUserId: string): { heard: Heard; text: string } | null {
  const { event, ...payload } = mentionPayload.parse(body)
  if (event.user === undefined || event.bot_id !== undefined || event.subtype !== undefined) return null
  const spot: Spot = { channel: event.channel, threadTs: event.thread_ts }
  return {
    text: unmarked(event.text.replaceAll(new RegExp(`<@${botUserId}(\\|[^>]*)?>[:,]?`, 'g'), ' ')),
    heard: {
      id: payload.event_id,
      actor: slackActor(event.user, ''),
      conversation: conversationAt(spot, ''),
      spot,
      responseUrl: null,
      mayReplace: false,
      triggerId: null,
      from: {
        teamId: payload.team_id,
        enterpriseId: payload.enterprise_id,
        userTeamId: event.user_team ?? event.team,
      },
    },
  }
}

const slackActor = (id: string, name: string): Actor => ({
  platform: 'slack',
  id,
  name: name === '' ? id : name,
})

/** What Slack made links of is what was typed; then its entities. https://docs.slack.dev/messaging/formatting-message-text */
export function unmarked(text: string): string {
  const typed = text.replaceAll(
    /<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>/g,
    (_, kind: string, target: string, label?: string) => {
      if (kind === '@') return `@${label ?? target}`
      if (kind === '#') return `#${label ?? target}`
      if (kind === '!') return label ?? target
      return label ?? target.replace(/^mailto:/, '')
    },
  )
  return unescaped(typed).trim()
}
