/** The address an administrator opens to bring the bot into a server, with exactly the rights it uses. */
import { OAuth2Scopes, PermissionFlagsBits } from 'discord.js'

/** https://docs.discord.com/developers/topics/permissions */
export const PERMISSIONS = {
  ViewChannel: 'to see the channels it speaks in',
  SendMessages: 'to post cards and answers',
  SendMessagesInThreads: 'to tell in the thread of a card how it goes on',
  CreatePublicThreads: 'to open that thread',
  ManageThreads: 'to open a locked thread again when its request moves on',
  AttachFiles: 'to add long lists and certificates as files',
  ReadMessageHistory: 'to find a message again after a crash instead of sending it twice',
} as const satisfies Partial<Record<keyof typeof PermissionFlagsBits, string>>

export function inviteUrl(applicationId: string): string {
  const bits = Object.keys(PERMISSIONS).map(name => PermissionFlagsBits[name as keyof typeof PERMISSIONS])
  const query = new URLSearchParams({
    client_id: applicationId,
    scope: [OAuth2Scopes.Bot, OAuth2Scopes.ApplicationsCommands].join(' '),
    permissions: String(bits.reduce((all, bit) => all | bit, 0n)),
  })
  return `https://discord.com/oauth2/authorize?${query}`
}
