/** Chance that can be repeated: everything random in a simulation comes from one seed. */
export interface SeededChance {
  /** At least 0, less than 1. */
  number(): number
  /** A whole number, both ends included. */
  whole(from: number, to: number): number
  happens(probability: number): boolean
  pick<T>(all: readonly T[]): T
}

/** mulberry32 (https://github.com/cprosche/mulberry32): small, and good enough to choose what happens. */
export function seededChance(seed: number): SeededChance {
  let state = seed >>> 0
  const number = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const chance: SeededChance = {
    number,
    whole: (from, to) => from + Math.floor(number() * (to - from + 1)),
    happens: probability => number() < probability,
    pick: all => all[chance.whole(0, all.length - 1)]!,
  }
  return chance
}
