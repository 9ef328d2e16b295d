/** Whether Discord takes the bot, knows its servers, and gives it the permissions it uses in each channel the policy names. */
import { PermissionFlagsBits } from 'discord.js'
import { BotError } from '../../core/errors.js'
import type { Finding } from '../../core/finding.js'
import type { Checkup } from '../../core/ports/checkup.js'
import type { Secret } from '../../core/secret.js'
import { CODE, isOneOf } from './errors.js'
import { inviteUrl, PERMISSIONS } from './invite.js'
import type { SeenChannel, SeenRole } from './schema.js'
import { createWire, type Wire } from './wire.js'

type Name = keyof typeof PERMISSIONS
const NAMES = Object.keys(PERMISSIONS) as Name[]

export interface DiscordCheckupParts {
  wire: Pick<Wire, 'self' | 'seeChannel' | 'rolesIn' | 'rolesOf'>
  applicationId: string
  guildIds: readonly string[]
}

type DiscordSettings = Pick<DiscordCheckupParts, 'applicationId' | 'guildIds'> & {
  token: Secret
  apiUrl: string
}

/** @param channels ids that the policy names */
export async function examineDiscord(
  { wire, applicationId, guildIds }: DiscordCheckupParts,
  channels: readonly string[],
): Promise<Finding[]> {
  const self = await wire.self()
  const invite = `npm run discord:invite prints the address that brings it in: ${inviteUrl(applicationId)}`
  const memberOf = new Map<string, { roles: SeenRole[]; own: string[] }>()
  const servers = await Promise.all(
    guildIds.map(async (guildId): Promise<Finding[]> => {
      try {
        const [roles, own] = await Promise.all([wire.rolesIn(guildId), wire.rolesOf(guildId, self.id)])
        if (own !== null) {
          memberOf.set(guildId, { roles, own })
          return []
        }
      } catch (thrown) {
        if (!isRefused(thrown)) throw thrown
      }
      return [{ state: 'bad', what: `Discord: not in server ${guildId}`, mend: invite }]
    }),
  )

  async function look(channelId: string): Promise<Finding> {
    const channel = await wire.seeChannel(channelId).catch((thrown: unknown) => {
      if (isRefused(thrown)) return null
      throw thrown
    })
    if (!channel) {
      return {
        state: 'bad',
        what: `Discord: channel ${channelId} of the policy is not there, or the bot cannot see it`,
        mend: 'Check its id in the policy file, or give the bot "View Channel" in its settings.',
      }
    }
    const name = `#${channel.name ?? channelId}`
    const member = memberOf.get(channel.guild_id ?? '')
    if (!member) {
      return {
        state: 'bad',
        what: `Discord: ${name} (${channelId}) belongs to a server that the bot does not serve`,
        mend: `Add ${channel.guild_id ?? 'its server'} to DISCORD_GUILD_IDS, or take the channel out of the policy.`,
      }
    }
    const held = permissionsIn(channel, self.id, member)
    const missing = NAMES.filter(right => (held & PermissionFlagsBits[right]) === 0n)
    if (missing.length === 0) return { state: 'good', what: `Discord: all permissions in ${name}` }
    return {
      state: 'bad',
      what: `Discord: in ${name} the bot lacks ${missing.map(right => `${right} (${PERMISSIONS[right]})`).join(', ')}`,
      mend: `Channel settings of ${name}, Permissions: allow ${missing.join(', ')} for the bot's role.`,
    }
  }

  return [
    { state: 'good', what: `Discord as ${self.username}, ${memberOf.size} of ${guildIds.length} servers` },
    ...servers.flat(),
    ...(await Promise.all(channels.map(look))),
  ]
}

const isRefused = (thrown: unknown) =>
  isOneOf(thrown, CODE.unknownChannel, CODE.unknownGuild, CODE.missingAccess) ||
  (thrown instanceof BotError && thrown.details.status === 403)

/** @returns the bits that hold in a channel. https://docs.discord.com/developers/topics/permissions#permission-overwrites */
export function permissionsIn(
  { guild_id: guildId, permission_overwrites: overwrites = [] }: SeenChannel,
  selfId: string,
  { roles, own }: { roles: readonly SeenRole[]; own: readonly string[] },
): bigint {
  const mine = roles.filter(({ id }) => id === guildId || own.includes(id))
  const base = mine.reduce((all, { permissions }) => all | BigInt(permissions), 0n)
  const everything = Object.values(PermissionFlagsBits).reduce((all, bit) => all | bit, 0n)
  if ((base & PermissionFlagsBits.Administrator) !== 0n) return everything
  // Of everyone, then of the roles together, then of the bot itself: what comes later wins.
  const layers = [
    overwrites.filter(({ id }) => id === guildId),
    overwrites.filter(({ id }) => id !== guildId && own.includes(id)),
    overwrites.filter(({ id }) => id === selfId),
  ]
  const held = layers.reduce((bits, layer) => {
    const deny = layer.reduce((all, one) => all | BigInt(one.deny), 0n)
    const allow = layer.reduce((all, one) => all | BigInt(one.allow), 0n)
    return (bits & ~deny) | allow
  }, base)
  // Who cannot see a channel can do nothing in it.
  return (held & PermissionFlagsBits.ViewChannel) === 0n ? 0n : held
}

/** Looks without connecting, for before the first start. */
export function createDiscordCheckup(
  { token, applicationId, guildIds, apiUrl }: DiscordSettings,
  channels: () => readonly string[],
): Checkup {
  return {
    name: 'Discord',
    async examine() {
      const wire = createWire({ token, applicationId, apiUrl, onUnauthorized: () => {} })
      try {
        return await examineDiscord({ wire, applicationId, guildIds }, channels())
      } finally {
        wire.close()
      }
    },
  }
}
