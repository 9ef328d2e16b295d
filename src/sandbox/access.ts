/** Whether a known caller may do this: the credential's own access rules, then IAM (the deny list of the control endpoint). */
import type { Caller } from './authentication.js'
import type { AccessRule } from './keyring.js'
import { notGranted } from './refusal.js'

/**
 * `*` stands for any rest of a path; `/x/*` does not cover `/x` (ovh/python-ovh: ovh/consumer_key.py). Whether rules of v2
 * calls carry `/v2` is in no public source, so a rule fits with the version in front or without.
 */
export function rulesCover(rules: readonly AccessRule[], method: string, path: string): boolean {
  const bare = path.replace(/^\/v[12](?=\/)/, '')
  const spellings = [path, bare, ...(path.startsWith('/v1/') ? [`/1.0${bare}`] : [])]
  return rules.some(rule => rule.method === method && spellings.some(spelling => fits(rule.path, spelling)))
}

function fits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === text
  if (!text.startsWith(first)) return false
  let from = first.length
  const last = rest.pop()!
  for (const part of rest) {
    const at = text.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return text.length - last.length >= from && text.endsWith(last)
}

/**
 * One spelling per action. The API's schema says `okms:apiovh:credential/delete`; written with the path's own words it is
 * `okms:apiovh:resource/credential/delete`. Both are understood, the schema's is answered.
 */
export function normalizeAction(action: string): string {
  return action.replace(/^okms:apiovh:resource\/(?=[^/]+\/)/, 'okms:apiovh:')
}

export class Iam {
  #denied: string[] = []

  /** As they were given. */
  get denied(): readonly string[] {
    return this.#denied
  }

  /** Replaces the list. A trailing or inner `*` stands for anything. */
  deny(actions: readonly string[]): void {
    this.#denied = [...actions]
  }

  allows(action: string): boolean {
    const wanted = normalizeAction(action)
    return !this.#denied.some(denied => fits(normalizeAction(denied), wanted))
  }

  /** @throws Refusal 403 that names every missing action */
  demand(actions: readonly string[]): void {
    const missing = actions.filter(action => !this.allows(action))
    if (missing.length > 0) throw notGranted('User not granted for this request', { byIam: missing })
  }
}

/** @throws Refusal 403 when the consumer key's rules do not cover the call; tokens have no rules of their own */
export function demandRules(caller: Caller, method: string, path: string, actions: readonly string[]): void {
  if (caller.method !== 'account' || rulesCover(caller.consumer.rules, method, path)) return
  throw notGranted('This call has not been granted', { byAuthentication: actions })
}
