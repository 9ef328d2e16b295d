/**
 * The options of a command, declared once: what they are called, how they are read from text, and what a platform may
 * offer for them (choices, autocomplete, uploads).
 */

import { parseDays, parseDuration } from './duration.js'
import { BotError } from './errors.js'
import { parseIdentityUrn } from './identity.js'
import { quoted } from './quoted.js'
import { normalizeRunId } from './run-id.js'
import { Secret } from './secret.js'

/** What a platform can do for an option: complete it from the inventory, offer a list, take a file. */
export type OptionKind =
  | 'text'
  | 'choice'
  | 'days'
  | 'duration'
  | 'number'
  | 'file'
  | 'okms'
  | 'cloud'
  | 'credential'
  | 'region'
  | 'profile'
  | 'identity'
  | 'key'
  | 'command'
  | 'run'

export interface Option<T> {
  readonly kind: OptionKind
  readonly summary: string
  readonly required: boolean
  readonly choices: readonly string[] | null
  readonly maxLength: number
  /** Its value is a `Secret`: it comes by a form or in a direct message, and nothing of it is noted. */
  readonly sealed: boolean
  /**
   * Reads the option from what a person typed, or from the text of the file they sent.
   * @throws BotError `input.invalid` with a sentence that names the option
   */
  parse(raw: string, name: string): T
  optional(): Option<T | undefined>
}

/** Discord's limit of a text option; also more than a CSR needs. https://docs.discord.com/developers/interactions/application-commands */
const LONGEST_OPTION = 6000

function make<T>(
  kind: OptionKind,
  summary: string,
  parse: (raw: string, name: string) => T,
  more: { choices?: readonly string[]; maxLength?: number; sealed?: boolean } = {},
): Option<T> {
  const maxLength = more.maxLength ?? LONGEST_OPTION
  const declared: Option<T> = {
    kind,
    summary,
    required: true,
    choices: more.choices ?? null,
    maxLength,
    sealed: more.sealed ?? false,
    parse(raw, name) {
      if (raw.trim() === '') throw new BotError('input.invalid', `Option ${name} is empty.`)
      if (raw.length > maxLength) {
        throw new BotError('input.invalid', `Option ${name} is longer than ${maxLength} characters.`)
      }
      return parse(raw, name)
    },
    optional: () => ({ ...declared, required: false }) as Option<T | undefined>,
  }
  return declared
}

const trimmed = (raw: string) => raw.trim()

/** @throws BotError `csr.invalid`, never with anything of the text */
function refuseKeys(raw: string, name: string): string {
  if (/PRIVATE\s+KEY/i.test(raw)) {
    throw new BotError(
      'csr.invalid',
      `What was given for ${name} holds a private key. The bot did not keep it.`,
      {
        hint: 'Send the certificate signing request alone. A key that stood in a conversation is not secret any more: make a new one.',
      },
    )
  }
  if (!/BEGIN[A-Z ]+/.test(raw)) {
    throw new BotError(
      'csr.invalid',
      `What was given for ${name} is not in PEM form. The bot did not keep it.`,
      {
        hint: 'It begins with -----BEGIN CERTIFICATE REQUEST-----; attach the file, or paste all of it in quotes.',
      },
    )
  }
  return raw
}

export const option = {
  text: (summary: string, more: { maxLength?: number } = {}) => make('text', summary, trimmed, more),
  okms: (summary: string) => make('okms', summary, trimmed, { maxLength: 100 }),
  cloud: (summary: string) => make('cloud', summary, trimmed, { maxLength: 100 }),
  credential: (summary: string) => make('credential', summary, trimmed, { maxLength: 100 }),
  region: (summary: string) => make('region', summary, trimmed, { maxLength: 40 }),
  profile: (summary: string) => make('profile', summary, trimmed, { maxLength: 50 }),
  /** The URN of a user, a group or a service account; the root account is refused. */
  identity: (summary: string) =>
    make('identity', summary, raw => parseIdentityUrn(raw.trim()), { maxLength: 200 }),
  /** A service key. */
  key: (summary: string) => make('key', summary, trimmed, { maxLength: 100 }),
  command: (summary: string) => make('command', summary, trimmed, { maxLength: 60 }),
  /** Whole days, from `30d`, `12w`, `6mo`, `1y` or plain days. The range is the flow's to check: it can name the profile's limit. */
  days: (summary: string) => make('days', summary, (raw, name) => parseDays(raw, name), { maxLength: 20 }),
  /** Milliseconds. */
  duration: (summary: string) => make('duration', summary, raw => parseDuration(raw), { maxLength: 20 }),
  /** A whole number, 1 or more. */
  number: (summary: string) =>
    make(
      'number',
      summary,
      (raw, name) => {
        if (/^\d{1,15}$/.test(raw.trim()) && Number(raw) > 0) return Number(raw)
        throw new BotError('input.invalid', `"${raw.trim()}" is not a number for ${name}.`, {
          hint: 'Write a whole number, such as 350.',
        })
      },
      { maxLength: 20 },
    ),
  /**
   * The text of a PEM file, uploaded or pasted; a platform hands over its contents. What is a private key, or no PEM at all, is
   * refused here, before it rests anywhere.
   */
  file: (summary: string, more: { maxBytes: number }) =>
    make('file', summary, refuseKeys, { maxLength: more.maxBytes }),
  /** The text of a file that is secret itself, such as a private key. What it holds is the command's to judge. */
  secretFile: (summary: string, more: { maxBytes: number }) =>
    make('file', summary, raw => new Secret(raw), { maxLength: more.maxBytes, sealed: true }),
  choice: <const C extends readonly string[]>(summary: string, choices: C) =>
    make<C[number]>(
      'choice',
      summary,
      (raw, name) => {
        const found = choices.find(choice => choice.toLowerCase() === raw.trim().toLowerCase())
        if (found === undefined) {
          throw new BotError('input.invalid', `${quoted(raw.trim())} is not a value of ${name}.`, {
            hint: `Choose one of: ${choices.join(', ')}.`,
          })
        }
        return found
      },
      { choices },
    ),
  run: (summary: string) =>
    make(
      'run',
      summary,
      (raw, name) => {
        const id = normalizeRunId(raw)
        if (id === null) {
          throw new BotError('input.invalid', `"${raw.trim()}" is not a run id for ${name}.`, {
            hint: 'A run id has 8 letters and digits, such as 7F3K9Q2M.',
          })
        }
        return id
      },
      { maxLength: 20 },
    ),
} as const

export type OptionsShape = Readonly<Record<string, Option<unknown>>>

export type ValuesOf<S extends OptionsShape> = {
  readonly [K in keyof S]: S[K] extends Option<infer T> ? T : never
}
