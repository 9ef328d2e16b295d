/** Channels as the policy file names them: `console:ops`, `slack:C00OPS`. */
import type { Conversation, PlatformName } from './actor.js'

export function conversationOf(channel: string): Conversation {
  const colon = channel.indexOf(':')
  const id = channel.slice(colon + 1)
  return { platform: channel.slice(0, colon) as PlatformName, id, name: `#${id}`, kind: 'channel' }
}
