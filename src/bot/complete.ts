/** What an option may be completed to while it is being typed. Answers from the policy and the inventory in Redis, never from OVHcloud. */
import type { Actor } from '../core/actor.js'
import type { Completing } from '../core/invocation.js'
import type { Inventory } from '../core/ports/inventory.js'
import type { PolicySource } from '../core/ports/policy-source.js'
import type { Definitions } from './load.js'
import { identify, may, profilesFor } from './policy-judge.js'
import type { Policy } from './policy-model.js'

/** Discord shows no more. https://docs.discord.com/developers/interactions/application-commands#autocomplete */
const MOST = 25

export interface CompleteParts {
  definitions: Pick<Definitions, 'commands'>
  policy: PolicySource<Policy>
  inventory: Inventory
}

/** Deny by default: whoever may not use the command there is completed nothing. */
export async function completions(
  asking: Completing,
  { definitions, policy, inventory }: CompleteParts,
): Promise<string[]> {
  const { commands } = definitions
  const command = commands.find(({ name }) => name === asking.command)
  const rules = await policy.current()
  if (!command || !rules) return []
  const actor = identify(rules, asking.actor)
  const allowed = (one: typeof command) =>
    one.requires === null || may(rules, actor, asking.conversation, one.requires)
  if (!allowed(command)) return []
  const kind = command.options[asking.option]?.kind
  switch (kind) {
    case 'okms':
    case 'cloud':
    case 'region':
    case 'credential':
    case 'key':
      return matching(await inventory.names(kind), asking.typed)
    case 'profile':
      return matching(
        profilesFor(rules, actor).map(({ name }) => name),
        asking.typed,
      )
    case 'identity':
      return matching(await offered(rules, actor, inventory), asking.typed)
    case 'command':
      return matching(
        commands.filter(allowed).map(({ name }) => name),
        asking.typed,
      )
    default:
      return []
  }
}

/** What the person's profiles allow, without those that OVHcloud was seen not to have. */
async function offered(rules: Policy, actor: Actor, inventory: Inventory): Promise<string[]> {
  const profiles = profilesFor(rules, actor)
  const allowed = new Set(profiles.flatMap(one => [...one.identities, ...one.identitiesAllowed]))
  const seen = await inventory.names('identity')
  const ofItsKind = (urn: string) => seen.filter(one => one.startsWith(urn.slice(0, urn.indexOf('/') + 1)))
  return [...allowed].filter(urn => seen.includes(urn) || ofItsKind(urn).length === 0)
}

/** Those that begin with what was typed, then those that contain it. */
function matching(all: readonly string[], typed: string): string[] {
  const wanted = typed.toLowerCase()
  const found = all.filter(one => one.toLowerCase().includes(wanted))
  const begins = (one: string) => (one.toLowerCase().startsWith(wanted) ? 0 : 1)
  return found.sort((a, b) => begins(a) - begins(b) || a.localeCompare(b)).slice(0, MOST)
}
