/**
 * How a credential that a run asked for is known again: OVHcloud has no idempotency key, so each attempt ends its description
 * with a mark of its own, `[okms-bot 7F3K9Q2M.1]`. People cannot write one (plan-credential.ts refuses it).
 */
import type { Credential } from '../../src/core/index.js'

/** What no description of a person may contain. */
export const MARK_BEGINS = '[okms-bot '

export const markOf = (runId: string, attempt: number) => `${MARK_BEGINS}${runId}.${attempt}]`

/** Whether a run asked for it: by its mark at the very end, and by the name it asked for. */
export function isMarked({ description, name }: Credential, runId: string, asked: string): boolean {
  const mark = /\[okms-bot (\w{8})\.\d+\]$/.exec(description ?? '')
  return mark?.[1] === runId && name === asked
}

/** One that somebody could still use, or soon could. */
export const isLive = ({ status }: Credential) => status === 'CREATING' || status === 'READY'
