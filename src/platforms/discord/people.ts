/** Who speaks and where, from what Discord says about an interaction. */
import { ChannelType } from 'discord.js'
import type { Actor, Conversation } from '../../core/actor.js'
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import type { HeardInteraction } from './schema.js'
import type { Wire } from './wire.js'

const THREADS: readonly number[] = [
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.AnnouncementThread,
]

/** The policy names a role so. */
const roleMark = (id: string) => `role:${id}`

/** `null`: nobody speaks (a shape we do not know). Roles are those of this moment; absent in direct messages. */
export function decodeActor({ member, user }: HeardInteraction): Actor | null {
  const account = member?.user ?? user
  if (!account) return null
  return {
    platform: 'discord',
    id: account.id,
    name: member?.nick ?? account.global_name ?? account.username,
    ...(member ? { groups: member.roles.map(roleMark) } : {}),
  }
}

export function decodeConversation({
  channel,
  channel_id: channelId,
  guild_id: guildId,
}: HeardInteraction): Conversation | null {
  const id = channel?.id ?? channelId
  if (id === undefined) return null
  if (guildId === undefined) return { platform: 'discord', id, name: 'direct messages', kind: 'dm' }
  const name = `#${channel?.name ?? id}`
  if (channel && THREADS.includes(channel.type) && channel.parent_id)
    return { platform: 'discord', id, name, kind: 'thread', parent: channel.parent_id }
  return { platform: 'discord', id, name, kind: 'channel' }
}

const ROLES_KEPT_MS = 60_000

/** Roles of people who press in direct messages, where Discord sends none: read by REST, kept for a minute, none when they cannot be read. */
export function createRoleReader(
  guildIds: readonly string[],
  wire: Pick<Wire, 'rolesOf'>,
  clock: Clock,
  log: Log,
) {
  const kept = new Map<string, { groups: Promise<string[]>; untilMs: number }>()

  async function read(userId: string): Promise<string[]> {
    const ofGuilds = await Promise.all(guildIds.map(guildId => wire.rolesOf(guildId, userId)))
    return ofGuilds.flatMap(roles => roles ?? []).map(roleMark)
  }

  return async function groupsOf(userId: string): Promise<string[]> {
    const now = clock.now()
    for (const [id, { untilMs }] of kept) if (untilMs <= now) kept.delete(id)
    const known = kept.get(userId)
    const groups = known?.groups ?? read(userId)
    if (!known) kept.set(userId, { groups, untilMs: now + ROLES_KEPT_MS })
    try {
      return await groups
    } catch (error) {
      kept.delete(userId)
      log.warn('roles could not be read, so none are counted', { userId, reason: (error as Error).message })
      return []
    }
  }
}
