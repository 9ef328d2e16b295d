/**
 * encodeReply for Slack: our reply as Block Kit, always with `text` for notifications and screen readers. What does not fit is
 * shortened visibly, and all of it goes along as a `.txt` file. https://docs.slack.dev/reference/block-kit/blocks
 */
import type { types } from '@slack/bolt'
import type { Picture } from '../../core/ports/painter.js'
import type { Button, PublicFile, Reply } from '../../core/reply.js'
import { plain, type Text } from '../../core/text.js'
import { BLOCKS, MESSAGE, TABLE } from './limits.js'
import { escaped, escapedWithin, mrkdwn, plainText, shorten, textObject } from './mrkdwn.js'
import { MARKS, plainReply, stepLine, tableText } from './plain-reply.js'

export interface EncodedReply {
  text: string
  blocks: types.KnownBlock[]
  /** Sent beside the message: ephemeral ones cannot carry files. */
  files: SlackFile[]
}

export interface SlackFile {
  name: string
  bytes: Buffer
  /** Of a picture, for those who cannot see it. */
  alt?: string
}

/** Buttons are told apart by this prefix and the `press`; https://docs.slack.dev/reference/block-kit/block-elements/button-element */
export const PRESS_PREFIX = 'press/'

/** The button behind which files with a key wait, which Slack opens to everybody who looks over a shoulder. */
const COLLECT = 'collect'
const PREVIEW_NOTE =
  'Slack shows text files such as .pem opened, here in the direct messages. With type:RSA format:p12 the command gives one closed file instead.'

export function encodeReply(reply: Reply): EncodedReply {
  const { title, body, buttons, files } = partsOf(reply)
  const head = title === undefined ? [] : [titleBlock(title)]
  const tail = [
    ...(buttons.some(({ press }) => press === COLLECT) ? [contextBlock(PREVIEW_NOTE)] : []),
    ...buttonBlocks(buttons),
  ]
  const room = BLOCKS.blocksPerMessage - BLOCKS.blocksForNotes - head.length - tail.length
  const text = escapedWithin(plainReply(reply), MESSAGE.textChars)
  if (body.length <= room) return { text, blocks: [...head, ...body, ...tail], files: files.map(asBytes) }
  const whole: PublicFile = { name: 'all.txt', text: `${plainReply(reply)}\n` }
  const more = contextBlock(`… ${body.length - room + 1} more parts, all of it in ${whole.name}`)
  return {
    text,
    blocks: [...head, ...body.slice(0, room - 1), more, ...tail],
    files: [...files, whole].map(asBytes),
  }
}

const asBytes = ({ name, text }: PublicFile): SlackFile => ({ name, bytes: Buffer.from(text) })

/** A picture is sent last, and may be drawn when the message stands already. */
export const withPicture = (files: readonly SlackFile[], picture: Picture | null): SlackFile[] =>
  picture ? [...files, picture] : [...files]

interface Parts {
  title?: Text
  body: types.KnownBlock[]
  buttons: readonly Button[]
  files: PublicFile[]
}

function partsOf(reply: Reply): Parts {
  switch (reply.kind) {
    case 'text': {
      const lines = reply.mark ? marked(MARKS[reply.mark], reply.lines) : reply.lines
      return { body: sections(lines), buttons: reply.buttons ?? [], files: reply.files ?? [] }
    }
    case 'table': {
      const { blocks, files } = tableParts(reply)
      return {
        title: reply.title,
        body: [...blocks, ...sections(reply.after ?? [])],
        buttons: reply.buttons ?? [],
        files,
      }
    }
    case 'fields':
      return {
        title: reply.title,
        body: [...fieldBlocks(reply.fields), ...sections(reply.after ?? [])],
        buttons: [],
        files: reply.files ?? [],
      }
    case 'card':
      return {
        title: reply.title,
        body: [
          ...fieldBlocks(reply.fields ?? []),
          ...sections(reply.steps.map(stepLine)),
          ...sections(reply.ending ?? []),
        ],
        buttons: reply.buttons ?? [],
        files: [],
      }
  }
}

function marked(mark: string, [first, ...rest]: readonly Text[]): Text[] {
  if (first === undefined) return [mark]
  return [typeof first === 'string' ? `${mark} ${first}` : [`${mark} `, ...first], ...rest]
}

/** Bold where it fits; an asterisk of ours or theirs would end it. */
function titleBlock(title: Text): types.KnownBlock {
  const text = mrkdwn(title).replaceAll('*', '∗').replaceAll('\n', ' ')
  if (text.length > BLOCKS.textObjectChars - 2)
    return section(plainText(plain(title), BLOCKS.textObjectChars))
  return section({ type: 'mrkdwn', text: `*${text}*`, verbatim: true })
}

/** Lines with the same kind of text share a block, as far as it goes. */
function sections(lines: readonly Text[]): types.SectionBlock[] {
  const blocks: types.SectionBlock[] = []
  for (const line of lines) {
    const next = textObject(line, BLOCKS.textObjectChars)
    if (next.text.trim() === '') continue
    const last = blocks.at(-1)?.text
    if (last?.type === next.type && last.text.length + next.text.length < BLOCKS.textObjectChars) {
      last.text += `\n${next.text}`
    } else blocks.push(section(next))
  }
  return blocks
}

const section = (text: types.PlainTextElement | types.MrkdwnElement): types.SectionBlock => ({
  type: 'section',
  text,
})

export const contextBlock = (text: string): types.ContextBlock => ({
  type: 'context',
  elements: [plainText(text, BLOCKS.textObjectChars)],
})

/** Label and value side by side, five pairs in a block. */
function fieldBlocks(fields: readonly { label: string; value: Text }[]): types.SectionBlock[] {
  const pairs = fields.map(({ label, value }) => [
    { type: 'mrkdwn' as const, text: `*${escaped(label)}*`, verbatim: true },
    textObject(plain(value).trim() === '' ? '–' : value, BLOCKS.sectionFieldChars),
  ])
  const perBlock = BLOCKS.sectionFields / 2
  const blocks: types.SectionBlock[] = []
  for (let i = 0; i < pairs.length; i += perBlock) {
    blocks.push({ type: 'section', fields: pairs.slice(i, i + perBlock).flat() })
  }
  return blocks
}

function tableParts({ columns, rows, fileName }: Extract<Reply, { kind: 'table' }>): {
  blocks: types.KnownBlock[]
  files: PublicFile[]
} {
  const shownColumns = columns.slice(0, TABLE.columns)
  const encoded = [shownColumns.map(({ header }) => header), ...rows].map(row =>
    shownColumns.map((_, i) => ({ type: 'raw_text' as const, text: cell(row[i]) })),
  )
  let chars = 0
  const fitting = encoded.findIndex(row => {
    chars += row.reduce((sum, { text }) => sum + text.length, 0)
    return chars > TABLE.chars
  })
  const shown = Math.min(TABLE.rowsShown + 1, fitting < 0 ? encoded.length : fitting)
  const table: types.TableBlock = {
    type: 'table',
    rows: encoded.slice(0, shown),
    column_settings: shownColumns.map(({ align }) => ({ align: align ?? 'left' })),
  }
  const missing = encoded.length - shown
  const isWhole =
    missing === 0 &&
    columns.length === shownColumns.length &&
    rows.every(row => row.every(text => text.length <= TABLE.cellChars))
  if (isWhole) return { blocks: [table], files: [] }
  const more = missing > 0 ? `… ${missing} more, all ${rows.length} in ${fileName}` : `Whole in ${fileName}`
  return {
    blocks: [table, contextBlock(more)],
    files: [{ name: fileName, text: `${tableText({ columns, rows })}\n` }],
  }
}

/** A cell may not be empty. */
const cell = (text: string | undefined) =>
  text === undefined || text.trim() === '' ? '–' : shorten(text, TABLE.cellChars)

/** `action_id` is unique within its block, so a second button of the same kind is numbered. */
function buttonBlocks(buttons: readonly Button[]): types.ActionsBlock[] {
  const blocks: types.ActionsBlock[] = []
  for (let i = 0; i < buttons.length; i += BLOCKS.buttonsPerBlock) {
    const few = buttons.slice(i, i + BLOCKS.buttonsPerBlock)
    blocks.push({
      type: 'actions',
      elements: few.map(({ press, label, subject, style }, at) => ({
        type: 'button',
        action_id: `${PRESS_PREFIX}${press}${few.slice(0, at).some(one => one.press === press) ? `/${at}` : ''}`,
        text: plainText(label, BLOCKS.buttonLabelChars),
        value: subject,
        ...(style === undefined ? {} : { style }),
      })),
    })
  }
  return blocks
}
