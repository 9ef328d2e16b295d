/**
 * Interaction tokens that still work. In memory: whoever holds one can speak as the bot and read what it answered in private. Those with
 * which files were handed over are kept sealed besides (`keepToken`), so that the files go also after a restart. Without its token,
 * what hangs on an interaction is done another way, or said to be impossible.
 */
import type { Clock } from '../../core/ports/clock.js'
import { INTERACTION } from './limits.js'

export interface LiveInteraction {
  readonly id: string
  readonly token: string
  readonly userId: string
  readonly channelId: string
  readonly diesAtMs: number
  /** The first answer shows something. Before that, a follow-up would become the first answer and lose its own privacy. */
  answered: boolean
}

export type Tokens = ReturnType<typeof createTokens>

export function createTokens(clock: Clock) {
  /** Oldest first. */
  const live = new Map<string, LiveInteraction>()

  function forgetDead(): void {
    for (const [id, { diesAtMs }] of live) {
      if (diesAtMs > clock.now()) return
      live.delete(id)
    }
  }

  return {
    add(interaction: Pick<LiveInteraction, 'id' | 'token' | 'userId' | 'channelId'>): LiveInteraction {
      forgetDead()
      const added = { ...interaction, diesAtMs: clock.now() + INTERACTION.tokenLivesMs, answered: false }
      live.set(added.id, added)
      return added
    },
    find(id: string | undefined): LiveInteraction | null {
      forgetDead()
      return (id === undefined ? undefined : live.get(id)) ?? null
    },
    /** The youngest of a person in a conversation. */
    ofPerson(userId: string, channelId: string): LiveInteraction | null {
      forgetDead()
      return [...live.values()].findLast(one => one.userId === userId && one.channelId === channelId) ?? null
    },
    drop(id: string): void {
      live.delete(id)
    },
  }
}
