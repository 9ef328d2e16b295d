/** Who is asking, and where. */

export type PlatformName = 'discord' | 'slack' | 'console'

/** One account on one platform. `person` is filled in from the policy file: one human, whatever platform they speak from. */
export interface Actor {
  platform: PlatformName
  /** The platform's own id of the account. */
  id: string
  /** How people call them there; shown, never trusted. */
  name: string
  /** The key under `people` in the policy file, when it lists this account. */
  person?: string
  /** Group marks the platform vouches for at the time of asking: `role:9000…` on Discord, `group:S00…` on Slack. */
  groups?: readonly string[]
}

/** A place where people talk. A thread counts as its parent for the policy. */
export interface Conversation {
  platform: PlatformName
  id: string
  name: string
  kind: 'channel' | 'thread' | 'dm'
  /** The channel a thread hangs under. */
  parent?: string
}

/** The name that policy and store know a human by: their `people` key, else platform and id. */
export function personOf(actor: Actor): string {
  return actor.person ?? `${actor.platform}:${actor.id}`
}

/** The place the policy judges: a thread counts as its parent. */
export function placeOf(conversation: Conversation): string {
  return `${conversation.platform}:${conversation.parent ?? conversation.id}`
}
