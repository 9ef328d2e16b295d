/** What the audit trail keeps of what people typed: enough to know what was asked for, never what could be a secret. */
import { createHash } from 'node:crypto'
import type { Command } from '../core/command.js'
import type { Option, OptionKind } from '../core/option.js'
import type { RunRecord } from '../core/run.js'

/** Kinds whose value is one of few words, a number, or the name of a thing. */
const SHOWN: readonly OptionKind[] = [
  'choice',
  'days',
  'duration',
  'number',
  'okms',
  'credential',
  'key',
  'region',
  'profile',
  'command',
  'run',
]
/** Text options that name a thing. */
const NAMES = ['cloud', 'subject']
/** Kinds that say what an entry is about. */
const ABOUT: readonly OptionKind[] = ['okms', 'cloud', 'credential', 'key', 'profile', 'run']
/** A name or an id: too short and too plain for a key, a request or a passphrase with spaces. */
const NAME = /^[\w][\w.:@/+-]{0,49}$/

/** Fields of a run's input and ending that name what it was about. */
const SUBJECT_FIELDS = ['cloud', 'okmsId', 'okmsName', 'credentialId', 'name', 'keyId', 'region']

/** `credential name=reader validity=30d csr=(1024 characters, SHA-256 1f2e3d4c)` */
export function describeCommand(command: Command, raw: Readonly<Record<string, string>>): string {
  const said = Object.entries(command.options).flatMap(([name, option]) => {
    const value = raw[name]
    return value === undefined
      ? []
      : [`${name}=${isShown(name, option, value) ? value : option.sealed ? 'sealed' : digestOf(value)}`]
  })
  return [command.name, ...said].join(' ')
}

/** What a command is about, as far as its words tell. */
export function subjectsOfCommand(command: Command, raw: Readonly<Record<string, string>>): string[] {
  return Object.entries(command.options).flatMap(([name, option]) => {
    const value = raw[name]?.trim()
    if (value === undefined || !(ABOUT.includes(option.kind) || NAMES.includes(name))) return []
    return isShown(name, option, value)
      ? [option.kind === 'run' ? String(option.parse(value, name)) : value]
      : []
  })
}

/** The run, and what its input and its ending name. */
export function subjectsOfRun(run: RunRecord): string[] {
  return [run.runId, ...namesIn(run.input, 2), ...namesIn(run.ending?.facts, 1)]
}

/** The subject of a button or of a form is a client's word: kept when it looks like what we wrote there. */
export const subjectsOfPress = (subject: string): string[] =>
  NAME.test(subject) ? [subject, ...subject.split('/').slice(0, subject.includes('/') ? 1 : 0)] : []

function isShown(name: string, option: Option<unknown>, value: string): boolean {
  if (!NAME.test(value.trim()) || !(SHOWN.includes(option.kind) || NAMES.includes(name))) return false
  try {
    option.parse(value, name)
    return true
  } catch {
    return false
  }
}

function digestOf(value: string): string {
  const hash = createHash('sha256').update(value).digest('hex').slice(0, 8)
  // Of a short text a hash tells the text to whoever tries all.
  return value.length < 64 ? `(${value.length} characters)` : `(${value.length} characters, SHA-256 ${hash})`
}

function namesIn(value: unknown, depth: number): string[] {
  if (typeof value !== 'object' || value === null || depth === 0) return []
  return Object.entries(value).flatMap(([field, inner]) => {
    if (typeof inner === 'string') return SUBJECT_FIELDS.includes(field) && NAME.test(inner) ? [inner] : []
    return namesIn(inner, depth - 1)
  })
}
