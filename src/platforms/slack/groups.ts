/**
 * User groups as the policy knows them: `group:S00…`. Read at most once a minute, and a failure to read means none: whoever
 * cannot be shown to be in a group is not. https://docs.slack.dev/reference/methods/usergroups.list
 */
import type { Clock } from '../../core/ports/clock.js'
import type { Log } from '../../core/ports/log.js'
import { slackErrorOf } from './errors.js'
import { GROUPS } from './limits.js'
import type { SlackWeb } from './web.js'

export interface UserGroups {
  /** Never throws. */
  of(userId: string): Promise<string[]>
}

type Members = ReadonlyMap<string, readonly string[]>

/** User groups need a paid plan; without one there are none. */
const NO_GROUPS = new Set(['plan_upgrade_required', 'paid_teams_only'])

export function createUserGroups(web: Pick<SlackWeb, 'userGroups'>, clock: Clock, log: Log): UserGroups {
  let kept: { members: Promise<Members>; untilMs: number } | null = null

  async function read(): Promise<Members> {
    const members = new Map<string, string[]>()
    for (const { id, users } of await web.userGroups()) {
      for (const user of users) members.set(user, [...(members.get(user) ?? []), `group:${id}`])
    }
    return members
  }

  function refresh(): Promise<Members> {
    const entry = { members: read(), untilMs: clock.now() + GROUPS.keptMs }
    kept = entry
    entry.members = entry.members.catch(error => {
      const isPlan = NO_GROUPS.has(slackErrorOf(error) ?? '')
      if (!isPlan) {
        log.warn('user groups not read, so nobody counts as a member', { reason: String(error) })
        entry.untilMs = clock.now() + GROUPS.keptAfterFailureMs
      }
      return new Map()
    })
    return entry.members
  }

  return {
    async of(userId) {
      const members = kept && kept.untilMs > clock.now() ? kept.members : refresh()
      return [...((await members).get(userId) ?? [])]
    },
  }
}
