/** What the policy and the choices of people say about reminders. Implements ports/reminders.ts. */
import type { Conversation } from '../core/actor.js'
import { placeOf } from '../core/actor.js'
import { planHashOf } from '../core/hash.js'
import { conversationOf } from '../core/place.js'
import type { Owner } from '../core/ports/ledger.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import type { ChannelChoice, ReminderRules, ReminderRulesSource, Reminders } from '../core/ports/reminders.js'
import { identify, profile, whoMay } from './policy-judge.js'
import type { Policy } from './policy-model.js'

export function createReminderRules(
  source: PolicySource<Policy>,
  { choices }: Pick<Reminders, 'choices'>,
): ReminderRulesSource {
  return {
    async current() {
      const [policy, chosen] = await Promise.all([source.current(), choices()])
      return policy && rulesOf(policy, chosen)
    },
  }
}

/** What was chosen in a channel comes first, then its credential's profile, then the channel's part of the policy. */
export function rulesOf(policy: Policy, chosen: ReadonlyMap<string, ChannelChoice>): ReminderRules {
  const { reminders, people } = policy
  const own = <T>(record: Readonly<Record<string, T>>, key: string): T | null =>
    Object.hasOwn(record, key) ? record[key]! : null
  const profileOf = (entry: { profile: string | null; name: string } | null) =>
    entry && profile(policy, entry.profile ?? entry.name)
  const channelOfOkms = (okms: { id: string; name: string } | null) => {
    const named = okms && (own(reminders.okms, okms.id) ?? own(reminders.okms, okms.name))
    const place = named ?? reminders.channel
    return place === null ? null : conversationOf(place)
  }
  const personOf = (owner: Owner) => identify(policy, owner).person

  return {
    version: `${policy.version} ${planHashOf(Object.fromEntries(chosen))}`,

    channelOf(entry) {
      const named = profileOf(entry)?.channel
      if (named) return conversationOf(named)
      return entry.channel ?? channelOfOkms({ id: entry.okmsId, name: entry.okmsName })
    },
    channelOfOkms,

    thresholdsOf(entry, place) {
      const choice = place === null ? undefined : chosen.get(place)
      if (choice) return { beforeMs: choice.beforeMs, from: `chosen here by ${choice.by}` }
      const followed = profileOf(entry)
      if (followed?.remindBeforeMs)
        return { beforeMs: followed.remindBeforeMs, from: `profile ${followed.name}` }
      const channel = place === null ? null : own(reminders.channels, place)
      if (channel?.remindBeforeMs)
        return { beforeMs: channel.remindBeforeMs, from: 'the policy, for this channel' }
      return { beforeMs: policy.remindBeforeMs, from: 'the policy' }
    },

    quietHoursOf(place) {
      const channel = own(reminders.channels, place)
      return chosen.get(place)?.quiet ?? (channel ? channel.quiet : reminders.quiet)
    },

    profileNamed: name => profile(policy, name)?.name ?? null,

    accountOn(owner, platform) {
      if (owner.platform === platform) return owner
      const person = personOf(owner)
      const id = person === undefined ? undefined : people[person]?.[platform]?.[0]
      return id === undefined ? null : { platform, id, name: owner.name }
    },

    isSame(one, other) {
      if (one.platform === other.platform && one.id === other.id) return true
      const person = personOf(one)
      return person !== undefined && person === personOf(other)
    },

    managersIn(conversation: Conversation) {
      const { platform } = conversation
      const names = new Set(
        whoMay(policy, 'reminders:manage', asPlace(conversation)).flatMap(role => role.people),
      )
      return [...names].flatMap(name =>
        (people[name]?.[platform] ?? []).slice(0, 1).map(id => ({ platform, id, name })),
      )
    },
  }
}

/** A channel of the policy and the conversation of a person are the same place. */
const asPlace = (conversation: Conversation): Conversation =>
  conversation.kind === 'dm' ? conversation : conversationOf(placeOf(conversation))
