/** encodeReply for a terminal: our reply as lines of plain text. Nothing is shortened: a terminal scrolls. */
import type { Button, Mark, Reply } from '../../core/reply.js'
import { plain, type Text } from '../../core/text.js'

const MARKS: Record<Mark, string> = { done: '✅', waiting: '⏳', failed: '❌', warning: '⚠', private: '🔒' }

export function encodeReply(reply: Reply): string[] {
  switch (reply.kind) {
    case 'text': {
      const said = reply.lines.flatMap(textLines)
      const mark = reply.mark ? `${MARKS[reply.mark]} ` : ''
      return [...said.map((line, i) => (i === 0 ? mark + line : line)), ...buttonLine(reply.buttons)]
    }
    case 'table':
      return [
        plain(reply.title),
        '',
        ...tableLines(reply),
        ...after(reply.after),
        ...buttonLine(reply.buttons),
      ]
    case 'fields':
      return [plain(reply.title), ...fieldLines(reply.fields), ...(reply.after ?? []).flatMap(textLines)]
    case 'card':
      return [
        plain(reply.title),
        ...fieldLines(reply.fields ?? []),
        ...stepLines(reply.steps),
        ...(reply.ending ?? []).flatMap(textLines),
        ...buttonLine(reply.buttons),
      ]
  }
}

const textLines = (text: Text) => plain(text).split('\n')

const after = (texts: readonly Text[] | undefined) => (texts ? ['', ...texts.flatMap(textLines)] : [])

const buttonLine = (buttons: readonly Button[] | undefined) =>
  buttons && buttons.length > 0 ? [buttons.map(({ label }) => `[${label}]`).join('  ')] : []

function tableLines({ columns, rows }: Extract<Reply, { kind: 'table' }>): string[] {
  const widths = columns.map(({ header }, i) =>
    Math.max(width(header), ...rows.map(row => width(row[i] ?? ''))),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) =>
        columns[i]?.align === 'right' ? padStart(cell, widths[i]!) : padEnd(cell, widths[i]!),
      )
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ header }) => header)), ...rows.map(line)]
}

function fieldLines(fields: readonly { label: string; value: Text }[]): string[] {
  const widest = Math.max(0, ...fields.map(({ label }) => width(label)))
  return fields.flatMap(({ label, value }) =>
    textLines(value).map((line, i) => `${padEnd(i === 0 ? label : '', widest)}  ${line}`),
  )
}

function stepLines(steps: Extract<Reply, { kind: 'card' }>['steps']): string[] {
  const widest = Math.max(0, ...steps.map(({ title }) => width(title)))
  return steps.map(({ mark, title, note }) =>
    `${MARKS[mark]} ${note === undefined ? title : `${padEnd(title, widest)}  ${plain(note)}`}`.trimEnd(),
  )
}

/** Columns a text takes; what we print has no wide characters but the marks, which stand outside columns. */
const width = (text: string) => [...text].length
const padEnd = (text: string, to: number) => text + ' '.repeat(Math.max(0, to - width(text)))
const padStart = (text: string, to: number) => ' '.repeat(Math.max(0, to - width(text))) + text
