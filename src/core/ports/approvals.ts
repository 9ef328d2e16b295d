/**
 * Requests that wait for other people. `pending → approved | denied | expired | withdrawn`, decided by one atomic script: a
 * thousand presses at once lead to one decision. Rights are judged before voting, by the policy as it is at that moment.
 */
import type { Actor, Conversation } from '../actor.js'
import type { Permission } from '../permission.js'

export type RequestState = 'pending' | 'approved' | 'denied' | 'expired' | 'withdrawn'

export interface NewRequest {
  runId: string
  /** What is asked for, in a line. */
  title: string
  requester: Actor
  /** Where it was asked: the place in which voters' rights are judged. */
  conversation: Conversation
  /** The message that the request's thread hangs under, and where it stands. */
  head: { key: string; conversation: Conversation }
  permission: Permission
  facts: ApprovalFacts
  /** What exactly is approved: a vote counts for this plan and no other. */
  planHash: string
  /** ISO instants. */
  askedAt: string
  expiresAt: string
}

/** What is about to be done. `okms` and `cloud` give name and id, since a rule may say either. */
export interface ApprovalFacts {
  validityDays?: number
  okms?: readonly string[]
  cloud?: readonly string[]
  profile?: string
}

export interface Vote {
  person: string
  /** As people call the voter there. */
  name: string
  at: string
  comment: string | null
  /** The policy that the rights were judged by. */
  policy: string
}

export interface RequestStatus extends NewRequest {
  state: RequestState
  votes: Vote[]
  /** Who ended it otherwise than by approving, and why. */
  endedBy: Vote | null
}

export type VoteOutcome =
  /** Counted; more are needed. */
  | { kind: 'counted'; votes: number }
  | { kind: 'approved'; votes: number }
  /** The same person has voted before. */
  | { kind: 'again' }
  /** The requester, whatever platform they speak from. */
  | { kind: 'own' }
  | { kind: 'over'; state: RequestState }
  | { kind: 'unknown' }

export interface Approvals {
  /** Opens the request, or leaves the one that is open for the same plan. Another plan replaces it and its votes. */
  open(request: NewRequest): Promise<void>
  status(runId: string): Promise<RequestStatus | null>
  /** @param need how many distinct people, by the rule as it is now */
  approve(runId: string, vote: Vote, need: number): Promise<VoteOutcome>
  deny(runId: string, vote: Vote): Promise<'denied' | 'own' | 'unknown' | RequestState>
  withdraw(runId: string, vote: Vote): Promise<'withdrawn' | 'not-yours' | 'unknown' | RequestState>
  /** Withdraws it in the requester's place: its run is given up. Answers the state it is in now. */
  giveUp(runId: string, vote: Vote): Promise<'unknown' | RequestState>
  /** Ends a request that nobody decided. `false`: it was decided already. */
  expire(runId: string): Promise<boolean>
  /** Run ids of pending requests, oldest first. */
  pending(): Promise<string[]>
}
