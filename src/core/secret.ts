/** A box for values that must never be printed: private keys, passphrases, tokens. */
import { timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'

const MASK = '[secret]'

/** Prints as `[secret]` in strings, JSON and inspection. `reveal()` is the one word to search for. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  /** Compares without telling by its time how much was right. */
  equals(other: Secret | string): boolean {
    const ours = Buffer.from(this.#value)
    const theirs = Buffer.from(typeof other === 'string' ? other : other.reveal())
    return ours.length === theirs.length && timingSafeEqual(ours, theirs)
  }

  toString(): string {
    return MASK
  }

  toJSON(): string {
    return MASK
  }

  get [Symbol.toStringTag](): string {
    return MASK
  }

  [inspect.custom](): string {
    return MASK
  }
}
