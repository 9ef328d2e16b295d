/** One thing out of several by what a person called it: its id, or its name where that is unambiguous. */
import { BotError } from './errors.js'
import { quoted } from './quoted.js'
import { didYouMean } from './suggest.js'

export interface Choosable {
  id: string
  name: string
}

/**
 * @param wanted what the person said; `undefined` takes the only one there is
 * @param what the kind of thing, as in "There is no OKMS …"
 * @param listing the command that shows all of them
 * @throws BotError `input.not-found`, `input.ambiguous`
 */
export function choose<T extends Choosable>(
  all: readonly T[],
  wanted: string | undefined,
  what: string,
  listing: string,
): T {
  if (wanted === undefined) {
    if (all.length === 1) return all[0]!
    if (all.length === 0) throw new BotError('input.not-found', `There is no ${what} in this account.`)
    throw new BotError('input.ambiguous', `There are ${all.length} ${plural(what)}: ${names(all)}.`, {
      hint: `Say which one by its name or id; ${listing} shows them.`,
    })
  }
  const lower = wanted.toLowerCase()
  const byId = all.find(one => one.id.toLowerCase() === lower)
  if (byId) return byId
  const byName = all.filter(one => one.name.toLowerCase() === lower)
  if (byName.length === 1) return byName[0]!
  if (byName.length > 1) {
    const choices = byName.map((one, i) => `${i + 1}) ${one.id}`).join('  ')
    throw new BotError(
      'input.ambiguous',
      `${byName.length} ${plural(what)} are called "${wanted}": ${choices}`,
      {
        hint: 'Say the id of the one you mean.',
      },
    )
  }
  const guess = didYouMean(
    wanted,
    all.map(one => one.name),
  )
  throw new BotError('input.not-found', `There is no ${what} ${quoted(wanted, 'of that name')}.`, {
    hint: `${guess ? `Did you mean ${guess}? ` : ''}${listing} shows them.`,
  })
}

const SHOWN = 5
const names = (all: readonly Choosable[]) =>
  all
    .slice(0, SHOWN)
    .map(one => one.name)
    .join(', ') + (all.length > SHOWN ? `, … ${all.length - SHOWN} more` : '')

/** OKMS is its own plural. */
const plural = (what: string) => (what.endsWith('S') ? what : `${what}s`)
