/**
 * encodeReply for Discord: our reply as Components V2. Chosen over embeds because tables get the full width of the window, one budget
 * of 4000 characters holds for all of a message, buttons sit inside the card they belong to, and a file shows as a file: the
 * client unfolds text files under a classic message, and a private key is not to be read over a shoulder.
 * https://docs.discord.com/developers/components/reference
 */
import {
  type APIButtonComponentWithCustomId,
  type APIComponentInContainer,
  type APIMessageTopLevelComponent,
  ButtonStyle,
  ComponentType,
} from 'discord.js'
import { BotError } from '../../core/errors.js'
import type { Picture } from '../../core/ports/painter.js'
import type { Button, Mark, PublicFile, Reply } from '../../core/reply.js'
import { plain, type Text } from '../../core/text.js'
import { MESSAGE } from './limits.js'
import { encodeText, escapeMarkdown, mentionedIn } from './markup.js'
import { encodeTable, tableLines } from './tables.js'

export interface DiscordFile {
  name: string
  data: Buffer
}

/** What Discord is sent, less what depends on where it goes (flags, nonce). */
export interface DiscordMessage {
  components: APIMessageTopLevelComponent[]
  files: DiscordFile[]
  /** People whom the message may notify. */
  notifies: string[]
}

export interface Around {
  /** Lines in Discord's Markdown above the reply. */
  above?: readonly string[]
  files?: readonly DiscordFile[]
  picture?: Picture | null
  /** Identifies the first component, and by that the message when history is searched; 1 to 2³¹ − 1. */
  id?: number
}

export const MARKS: Record<Mark, string> = {
  done: '✅',
  waiting: '⏳',
  failed: '❌',
  warning: '⚠️',
  private: '🔒',
}
const COLOURS = { going: 0x5865f2, done: 0x3ba55d, failed: 0xd83c3e } as const
const LONGEST_LINE = 1200
const LONGEST_TITLE = 300
/** Above this a row of buttons is no choice any more. */
const MOST_BUTTONS = 15

export function encodeReply(reply: Reply, around: Around = {}): DiscordMessage {
  const above = (around.above ?? []).join('\n')
  const budget = MESSAGE.textChars - above.length - 8
  const { parts, isCard, colour, files } = encodeParts(reply, budget)
  const buttons = buttonRows('buttons' in reply ? (reply.buttons ?? []) : [])
  const attached = named([...files.map(asDiscordFile), ...(around.files ?? [])])
  const picture = around.picture ?? null
  const head = above === '' ? [] : [text(above)]
  const shown: APIComponentInContainer[] = [
    ...parts.filter(part => part.trim() !== '').map(text),
    ...(picture ? [gallery(picture)] : []),
    ...attached.map(({ name }) => ({
      type: ComponentType.File as const,
      file: { url: `attachment://${name}` },
    })),
    ...buttons,
  ]
  // Discord takes no message that says nothing.
  if (head.length + shown.length === 0) shown.push(text('—'))
  const components: APIMessageTopLevelComponent[] = isCard
    ? [...head, { type: ComponentType.Container, accent_color: colour, components: shown }]
    : [...head, ...shown]
  if (around.id !== undefined) components[0] = { ...components[0]!, id: around.id }
  const drawn = picture ? [{ name: picture.name, data: picture.bytes }] : []
  return {
    components,
    files: [...attached, ...drawn],
    notifies: reply.kind === 'text' ? mentionedIn(reply.lines) : [],
  }
}

interface Parts {
  /** One Text Display each. */
  parts: string[]
  isCard: boolean
  colour: number
  files: readonly PublicFile[]
}

function encodeParts(reply: Reply, budget: number): Parts {
  const plainly = { isCard: false, colour: COLOURS.going }
  switch (reply.kind) {
    case 'text': {
      const mark = reply.mark ? `${MARKS[reply.mark]} ` : ''
      const lines = reply.lines.map((line, i) => (i === 0 ? mark : '') + encodeText(line, LONGEST_LINE))
      const shown = wholeLines(lines, budget, 'lines', 'message.txt')
      return {
        ...plainly,
        parts: [shown.text],
        files: withRest(reply.files, shown, 'message.txt', reply.lines),
      }
    }
    case 'table': {
      const title = `**${encodeText(reply.title, LONGEST_TITLE)}**`
      const after = wholeLines(
        (reply.after ?? []).map(line => encodeText(line, LONGEST_LINE)),
        1000,
        'lines',
        reply.fileName,
      )
      const fileName = safeName(reply.fileName)
      const room = budget - title.length - after.text.length - 60 - fileName.length
      const { text: table, left } = encodeTable(reply, room)
      const rest = left === 0 ? '' : `… ${left} more, all in ${escapeMarkdown(fileName)}`
      const all = { name: fileName, text: `${plain(reply.title)}\n\n${tableLines(reply).join('\n')}\n` }
      return { ...plainly, parts: [`${title}\n${table}`, rest, after.text], files: left === 0 ? [] : [all] }
    }
    case 'fields': {
      const lines = [
        ...fieldLines(reply.fields),
        ...(reply.after ?? []).map(line => encodeText(line, LONGEST_LINE)),
      ]
      const shown = wholeLines(lines, budget - LONGEST_TITLE, 'lines', 'details.txt')
      const whole = [reply.title, ...plainFields(reply.fields), ...(reply.after ?? [])]
      return {
        ...plainly,
        isCard: true,
        parts: [`**${encodeText(reply.title, LONGEST_TITLE - 10)}**`, shown.text],
        files: withRest(reply.files, shown, 'details.txt', whole),
      }
    }
    case 'card': {
      const steps = reply.steps.map(
        ({ mark, title, note }) =>
          `${MARKS[mark]} ${escapeMarkdown(title)}${note === undefined ? '' : ` · ${encodeText(note, 300)}`}`,
      )
      const ending = (reply.ending ?? []).map(line => encodeText(line, LONGEST_LINE))
      // Each part has its share, so that a long list of fields cannot push out how it ended.
      const fields = wholeLines(fieldLines(reply.fields ?? []), 1300, 'lines', 'run.txt')
      const shownEnding = wholeLines(ending, 1200, 'lines', 'run.txt')
      const shownSteps = wholeLines(
        steps,
        budget - LONGEST_TITLE - fields.text.length - shownEnding.text.length,
        'steps',
        'run.txt',
      )
      const left = fields.left + shownEnding.left + shownSteps.left
      const whole: Text[] = [
        reply.title,
        ...plainFields(reply.fields ?? []),
        ...reply.steps.map(({ mark, title, note }) =>
          `${MARKS[mark]} ${title} ${plain(note ?? '')}`.trimEnd(),
        ),
        ...(reply.ending ?? []),
      ]
      return {
        isCard: true,
        colour: colourOf(reply),
        parts: [
          `**${encodeText(reply.title, LONGEST_TITLE - 10)}**`,
          fields.text,
          shownSteps.text,
          shownEnding.text,
        ],
        files: withRest(undefined, { left }, 'run.txt', whole),
      }
    }
  }
}

function colourOf({ steps, ending }: Extract<Reply, { kind: 'card' }>): number {
  if (steps.some(({ mark }) => mark === 'failed')) return COLOURS.failed
  return ending && steps.every(({ mark }) => mark === 'done') ? COLOURS.done : COLOURS.going
}

/** Whole lines as long as they fit; what is left out is counted, and named with the file that has it. */
function wholeLines(
  lines: readonly string[],
  maxChars: number,
  what: string,
  file: string,
): { text: string; left: number } {
  const whole = lines.join('\n')
  if (whole.length <= maxChars) return { text: whole, left: 0 }
  let shown = lines.length
  const cutShort = () =>
    [
      ...lines.slice(0, shown),
      `… ${lines.length - shown} more ${what}, all in ${escapeMarkdown(safeName(file))}`,
    ].join('\n')
  while (shown > 0 && cutShort().length > maxChars) shown--
  return { text: cutShort(), left: lines.length - shown }
}

const withRest = (
  files: readonly PublicFile[] | undefined,
  { left }: { left: number },
  name: string,
  whole: readonly Text[],
): PublicFile[] => [
  ...(files ?? []),
  ...(left === 0 ? [] : [{ name, text: `${whole.map(plain).join('\n')}\n` }]),
]

const fieldLines = (fields: readonly { label: string; value: Text }[]) =>
  fields.map(({ label, value }) => `**${escapeMarkdown(label)}** ${encodeText(value, LONGEST_LINE)}`)
const plainFields = (fields: readonly { label: string; value: Text }[]) =>
  fields.map(({ label, value }) => `${label}: ${plain(value)}`)

const text = (content: string) => ({ type: ComponentType.TextDisplay as const, content })

const gallery = ({ name, alt }: Picture) => ({
  type: ComponentType.MediaGallery as const,
  items: [{ media: { url: `attachment://${name}` }, description: alt }],
})

const STYLES = { primary: ButtonStyle.Primary, danger: ButtonStyle.Danger } as const

function buttonRows(buttons: readonly Button[]) {
  const distinct = new Map(buttons.map(button => [customIdOf(button.press, button.subject), button]))
  const encoded = [...distinct].slice(0, MOST_BUTTONS).map(
    ([custom_id, { label, style }]): APIButtonComponentWithCustomId => ({
      type: ComponentType.Button,
      custom_id,
      label:
        [...label].length > MESSAGE.buttonLabelChars
          ? `${[...label].slice(0, MESSAGE.buttonLabelChars - 1).join('')}…`
          : label,
      style: style ? STYLES[style] : ButtonStyle.Secondary,
    }),
  )
  const rows = []
  for (let at = 0; at < encoded.length; at += MESSAGE.buttonsPerRow) {
    rows.push({
      type: ComponentType.ActionRow as const,
      components: encoded.slice(at, at + MESSAGE.buttonsPerRow),
    })
  }
  return rows
}

/** Opaque to the client: what the button is called, and a reference. Never state, never a secret. */
export function customIdOf(press: string, subject: string): string {
  const id = `${press}:${subject}`
  if (id.length > MESSAGE.customIdChars)
    throw new BotError('bug', 'A button has a longer reference than Discord carries.', { details: { press } })
  return id
}

const asDiscordFile = ({ name, text: content }: PublicFile): DiscordFile => ({
  name,
  data: Buffer.from(content),
})

/** Discord changes other characters by itself, after which `attachment://` would name nothing. */
const safeName = (name: string) =>
  name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'file.txt'

function named(files: readonly DiscordFile[]): DiscordFile[] {
  const seen = new Set<string>()
  return files.slice(0, MESSAGE.attachments).map(({ name, data }, i) => {
    const safe = safeName(name)
    const distinct = seen.has(safe) ? `${i + 1}-${safe}` : safe
    seen.add(distinct)
    return { name: distinct, data }
  })
}
