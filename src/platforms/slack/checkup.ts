/** Whether Slack takes the bot, gave it the scopes it uses, and has it in each channel the policy names. */
import { BotError } from '../../core/errors.js'
import type { Finding } from '../../core/finding.js'
import type { Checkup } from '../../core/ports/checkup.js'
import { silentLog } from '../../core/ports/log.js'
import type { Secret } from '../../core/secret.js'
import { slackErrorOf } from './errors.js'
import { SCOPES } from './manifest.js'
import { createSlackWeb, type SlackWeb } from './web.js'

/** @param channels ids that the policy names */
export async function examineSlack(
  web: Pick<SlackWeb, 'identify' | 'isIn'>,
  channels: readonly string[],
): Promise<Finding[]> {
  const { teamId, scopes } = await web.identify()
  return [
    { state: 'good', what: `Slack team ${teamId}` },
    scopesFinding(scopes),
    ...(await Promise.all(channels.map(channel => look(web, channel)))),
  ]
}

function scopesFinding(held: readonly string[] | null): Finding {
  if (held === null) {
    return { state: 'warning', what: 'Slack does not tell the scopes of the bot token' }
  }
  const missing = Object.entries(SCOPES).filter(([scope]) => !held.includes(scope))
  if (missing.length === 0) return { state: 'good', what: `Slack: all ${held.length} scopes` }
  return {
    state: 'bad',
    what: `Slack: the bot token lacks ${missing.map(([scope, { why }]) => `${scope} (${why})`).join(', ')}`,
    mend: 'Paste what npm run slack:manifest prints into the app, install it again, and set SLACK_BOT_TOKEN anew.',
  }
}

async function look(web: Pick<SlackWeb, 'isIn'>, channel: string): Promise<Finding> {
  try {
    await web.isIn(channel)
    return { state: 'good', what: `Slack: member of ${channel}` }
  } catch (thrown) {
    switch (slackErrorOf(thrown)) {
      case 'not_in_channel':
        return {
          state: 'bad',
          what: `Slack: not a member of ${channel}, so nothing can be posted there`,
          mend: 'Invite it in that channel: /invite @okms',
        }
      case 'channel_not_found':
        return {
          state: 'bad',
          what: `Slack: channel ${channel} of the policy is not there, or is private without the bot`,
          mend: 'Check its id in the policy file, or invite the bot in that channel: /invite @okms',
        }
      case 'missing_scope':
        return {
          state: 'warning',
          what: `Slack: whether the bot is in ${channel} cannot be seen without its scopes`,
        }
      default: {
        const { message, hint } = BotError.from(thrown)
        return {
          state: 'bad',
          what: `Slack, ${channel}: ${message}`,
          ...(hint === undefined ? {} : { mend: hint }),
        }
      }
    }
  }
}

/** Looks without connecting, for before the first start. */
export function createSlackCheckup(
  { botToken, apiUrl }: { botToken: Secret; apiUrl: string },
  channels: () => readonly string[],
): Checkup {
  return {
    name: 'Slack',
    examine: () => examineSlack(createSlackWeb({ botToken, apiUrl, log: silentLog }), channels()),
  }
}
