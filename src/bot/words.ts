/**
 * The text grammar of Slack and the console: `/okms credential reader 30d okms:prod-kms description:"for the backup"`.
 * Options in declared order, later ones also as `name:value`; `word:` is an option only where declared, so URNs and
 * `host:port` need no quotes.
 */
import type { Command } from '../core/command.js'
import { usageOf } from '../core/command-face.js'
import { BotError } from '../core/errors.js'
import { quoted } from '../core/quoted.js'
import { didYouMean } from '../core/suggest.js'

export interface Spoken {
  command: Command
  /** What was given for each option, unread. */
  raw: Record<string, string>
}

interface Word {
  text: string
  /** Where the option's name ends in `name:value`, when the name itself stood outside quotes. */
  quoted: boolean
}

/**
 * Splits at blanks outside quotes. Single and double quotes; a backslash escapes a quote or a backslash inside double
 * quotes and is kept otherwise, so that a pasted `\n` survives.
 */
export function splitWords(text: string): Word[] {
  const words: Word[] = []
  let word = ''
  let inWord = false
  let startedQuoted = false
  let opening: string | null = null
  const end = () => {
    if (inWord) words.push({ text: word, quoted: startedQuoted })
    word = ''
    inWord = false
    startedQuoted = false
  }
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (opening !== null) {
      const next = text[i + 1]
      if (char === '\\' && straight(opening) === '"' && (next === '"' || next === '\\')) word += text[++i]
      else if (closes(opening, char)) opening = null
      else word += char
    } else if (straight(char) === '"' || (straight(char) === "'" && (!inWord || word.endsWith(':')))) {
      if (!inWord) startedQuoted = true
      opening = char
      inWord = true
    } else if (/\s/.test(char)) end()
    else {
      word += char
      inWord = true
    }
  }
  if (opening !== null) {
    throw new BotError('input.invalid', `A quote (${opening}) is opened and never closed.`, {
      hint: 'Close it, or leave both out.',
    })
  }
  end()
  return words
}

/** Phones and chat clients turn straight quotes into curly ones. */
const straight = (char: string) => (/[“”„]/.test(char) ? '"' : /[‘’]/.test(char) ? "'" : char)

/** Between straight quotes, curly ones are text. */
const closes = (opening: string, char: string) =>
  straight(opening) === opening ? char === opening : straight(char) === straight(opening)

/** @throws BotError `input.invalid` with what was understood and what to do */
export function parseWords(text: string, commands: readonly Command[]): Spoken {
  const words = splitWords(text)
  const [first, second] = words
  if (!first) return parseWords('help', commands)
  const pair = second ? `${first.text} ${second.text}`.toLowerCase() : null
  const named = (name: string) => commands.find(command => command.name === name)
  const grouped = pair === null ? undefined : named(pair)
  const command = grouped ?? named(first.text.toLowerCase())
  if (!command) throw unknownCommand(first.text, second?.text ?? null, commands)
  return { command, raw: assign(command, words.slice(grouped ? 2 : 1)) }
}

function unknownCommand(first: string, second: string | null, commands: readonly Command[]): BotError {
  const names = commands.map(command => command.name)
  const group = `${first.toLowerCase()} `
  const inGroup = names.filter(name => name.startsWith(group))
  if (inGroup.length > 0) {
    const guess =
      second &&
      didYouMean(
        second,
        inGroup.map(name => name.slice(group.length)),
      )
    return new BotError('input.invalid', `/okms ${first} needs one more word.`, {
      hint: guess
        ? `Did you mean /okms ${group}${guess}?`
        : `There are: ${inGroup.map(name => `/okms ${name}`).join(', ')}.`,
    })
  }
  const guess = didYouMean(first, names)
  return new BotError('input.invalid', `There is no command ${quoted(first, 'of that name')}.`, {
    hint: guess ? `Did you mean /okms ${guess}? /okms help shows all.` : '/okms help shows all commands.',
  })
}

function assign(command: Command, words: readonly Word[]): Record<string, string> {
  const names = Object.keys(command.options)
  const raw: Record<string, string> = {}
  const put = (name: string, value: string) => {
    if (Object.hasOwn(raw, name)) throw misused(command, `Option ${name} is given twice.`)
    raw[name] = value
  }
  const bare: string[] = []
  for (const word of words) {
    const match = word.quoted ? null : /^([a-z]+):([\s\S]*)$/i.exec(word.text)
    const name = match && names.find(candidate => candidate.toLowerCase() === match[1]!.toLowerCase())
    if (match && name) put(name, match[2]!)
    else bare.push(word.text)
  }
  for (const value of bare) {
    const free = names.find(name => !Object.hasOwn(raw, name))
    const last = names.at(-1)
    if (free === undefined && last !== undefined && command.options[last]!.kind === 'command') {
      // The name of a command may be two words.
      raw[last] += ` ${value}`
      continue
    }
    if (free === undefined) {
      throw misused(command, `${quoted(value)} is one word more than /okms ${command.name} takes.`)
    }
    put(free, value)
  }
  return raw
}

/** Reads each option by its declaration. @throws BotError `input.invalid` naming the first option that is wrong */
export function readOptions(
  command: Command,
  raw: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const unknown = Object.keys(raw).find(name => !Object.hasOwn(command.options, name))
  if (unknown !== undefined) throw misused(command, `/okms ${command.name} has no option ${unknown}.`)
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(command.options)) {
    const given = raw[name]
    if (given !== undefined) values[name] = option.parse(given, name)
    else if (option.required) {
      const message = `/okms ${command.name} needs ${article(name)} ${name}.`
      throw misused(command, message, option.kind === 'file' ? BY_FORM : '')
    }
  }
  return values
}

const misused = (command: Command, message: string, more = '') =>
  new BotError('input.invalid', message, { hint: `Usage: ${usageOf(command)}${more}` })

/** A slash command of Slack carries no file. */
const BY_FORM = ' In Slack, /okms alone opens a form that takes files.'

const article = (name: string) => (/^[aeiou]/.test(name) ? 'an' : 'a')

/** A long word may be a piece of a key, and is not repeated. */
