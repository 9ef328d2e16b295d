/**
 * What the bot can show, without saying where. Replies are plain data: they rest in Redis and each platform renders
 * them with one exhaustive switch. There is no place for a `Secret` in here: key material travels as a `PrivateFile`
 * (ports/chat.ts) and never as a reply.
 */
import type { Secret } from './secret.js'
import type { Text } from './text.js'

/** State marks, the only emoji the bot uses. */
export type Mark = 'done' | 'waiting' | 'failed' | 'warning' | 'private'

export interface Button {
  /** What pressing does; see `PressName` in press.ts. */
  press: string
  label: string
  /** The run (or other reference) it is about, at most 40 characters. */
  subject: string
  style?: 'primary' | 'danger'
}

/** A file that anybody who can read the message may have: a certificate, a long list. */
export interface PublicFile {
  name: string
  text: string
}

/** A file that holds key material. Never part of a reply; handed over by `ChatDoor.deliver` alone. */
export interface PrivateFile {
  name: string
  content: Secret
  /** How `content` is written: text as it is, or base64 for binary files such as PKCS#12. */
  encoding: 'utf8' | 'base64'
}

export interface TableColumn {
  header: string
  align?: 'left' | 'right'
}

/**
 * What expires when, drawn beside a table that says the same. It rests as these facts and is drawn where it is sent
 * (ports/painter.ts), as it was at `nowMs`.
 */
export interface Horizon {
  fileName: string
  nowMs: number
  /** In the order of their end, at most 30. */
  rows: HorizonRow[]
  /** How many there are beside these. */
  more: number
}

export interface HorizonRow {
  name: string
  okms: string
  expiresAtMs: number
  /** As people say it: `14 days`, `expired`, `renewed`. */
  left: string
  /** Nothing has to be done about it any more. */
  isSolved: boolean
}

export type Reply =
  | { kind: 'text'; mark?: Mark; lines: Text[]; buttons?: Button[]; files?: PublicFile[] }
  | {
      kind: 'table'
      title: Text
      columns: TableColumn[]
      rows: string[][]
      after?: Text[]
      buttons?: Button[]
      /** Where the rows do not fit, the platform shortens visibly and sends all of them as this file. */
      fileName: string
      horizon?: Horizon
    }
  | {
      kind: 'fields'
      title: Text
      fields: { label: string; value: Text }[]
      after?: Text[]
      files?: PublicFile[]
    }
  | {
      kind: 'card'
      title: Text
      fields?: { label: string; value: Text }[]
      steps: { mark: Mark; title: string; note?: Text }[]
      /** How it ended, and what to do now. */
      ending?: Text[]
      buttons?: Button[]
    }

/** A reply of one or more lines of text. */
export const lines = (...all: Text[]): Reply => ({ kind: 'text', lines: all })

/** A refusal or a failure, for the one person who reads it. */
export const refusal = (message: Text, hint?: Text): Reply => ({
  kind: 'text',
  lines: hint === undefined ? [message] : [message, hint],
})
