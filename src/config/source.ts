/** Reads single settings and collects everything that is wrong with them, so that it can be told at once. */

import { Secret } from '../core/secret.js'
import { didYouMean } from '../core/suggest.js'
import { isSecretName, OTHER_NAMES, SETTINGS, type SecretName, type SettingName } from './settings.js'

export type Environment = Readonly<Record<string, string | undefined>>
/** @throws when the file cannot be read; the error's `code` is told, never the content */
export type ReadFile = (path: string) => string

export interface Mistake {
  /** One name, or several that belong together: `DISCORD_TOKEN or SLACK_BOT_TOKEN`. */
  name: string
  expected: string
  example: string
  /** What is wrong, continuing the name: `is missing`. Never the value of a secret. */
  problem: string
}

/** Nothing of a pasted secret may be told, and a long value is seldom the word that was meant. */
const LONGEST_SHOWN = 24

export interface Source {
  readonly mistakes: Mistake[]
  readonly warnings: string[]
  /** `undefined` when it is absent or empty: an empty variable is how a compose file says "not set". */
  text(name: SettingName): string | undefined
  /** From `NAME` or the file named in `NAME_FILE`. */
  secret(name: SecretName): Secret | undefined
  /** Whether it, or its file, is set. */
  has(name: SettingName): boolean
  wrong(name: SettingName, problem: string): void
  /** For a value that is none of the words expected. */
  wrongWord(name: SettingName, value: string, why?: string): void
}

export function openSource(env: Environment, readFile: ReadFile): Source {
  const mistakes: Mistake[] = []
  const set = (name: string) => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }
  const source: Source = {
    mistakes,
    warnings: misspelt(env),
    text: set,
    has: name => set(name) !== undefined || (isSecretName(name) && set(`${name}_FILE`) !== undefined),
    wrong(name, problem) {
      const { expected, example } = SETTINGS[name]
      mistakes.push({ name, expected, example, problem })
    },
    wrongWord(name, value, why = '') {
      source.wrong(name, `${value.length <= LONGEST_SHOWN ? `is "${value}"` : 'is something else'}${why}`)
    },
    secret(name) {
      const value = set(name)
      const path = set(`${name}_FILE`)
      if (path === undefined) return value === undefined ? undefined : new Secret(value)
      if (value !== undefined) {
        source.wrong(name, `is set together with ${name}_FILE; keep one of them`)
        return undefined
      }
      return fromFile(name, path)
    },
  }

  function fromFile(name: SecretName, path: string): Secret | undefined {
    try {
      const content = readFile(path).trim()
      if (content !== '') return new Secret(content)
      source.wrong(name, `cannot come from ${name}_FILE: ${path} is empty`)
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
      source.wrong(name, `cannot come from ${name}_FILE: ${path} cannot be read (${code})`)
    }
    return undefined
  }

  return source
}

/** Variables that are nearly, but not quite, one of ours. Only a warning: they may be meant for somebody else. */
function misspelt(env: Environment): string[] {
  const settings = Object.keys(SETTINGS) as SettingName[]
  const known = [...settings, ...settings.filter(isSecretName).map(name => `${name}_FILE`), ...OTHER_NAMES]
  return Object.keys(env)
    .filter(name => !known.includes(name) && name.includes('_') && env[name] !== '')
    .flatMap(name => {
      const meant = didYouMean(name, known)
      if (meant !== null) return [`${name} is not a setting of okms-bot. Did you mean ${meant}?`]
      return name.startsWith('OKMS_')
        ? [`${name} is not a setting of okms-bot; none begins with OKMS_ but OKMS_HOME.`]
        : []
    })
    .sort()
}
