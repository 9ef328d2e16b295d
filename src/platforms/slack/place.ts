/** Places in Slack as conversations of ours, both ways. A thread is `C00OPS/1700000000.000100`, and counts as its channel. */
import type { Conversation } from '../../core/actor.js'
import type { Spot } from './web.js'

/** Direct messages begin with D; names such as `directmessage` or `privategroup` are no names. */
export function conversationAt(spot: Spot, name: string): Conversation {
  const { channel, threadTs } = spot
  const isDirect = channel.startsWith('D')
  const shown = isDirect ? 'direct messages' : name === '' || name === 'privategroup' ? channel : `#${name}`
  if (threadTs === null) {
    return { platform: 'slack', id: channel, name: shown, kind: isDirect ? 'dm' : 'channel' }
  }
  const id = `${channel}/${threadTs}`
  // A thread in direct messages is still direct messages, which no grant for a channel reaches.
  if (isDirect) return { platform: 'slack', id, name: shown, kind: 'dm' }
  return { platform: 'slack', id, name: shown, kind: 'thread', parent: channel }
}

export function spotOf({ id }: Pick<Conversation, 'id'>): Spot {
  const [channel, threadTs] = id.split('/')
  return { channel: channel!, threadTs: threadTs ?? null }
}
