/** A reply as plain text: what notifications and screen readers get, and the `.txt` file of what did not fit. */
import type { Mark, Reply } from '../../core/reply.js'
import { plain, type Text } from '../../core/text.js'

export const MARKS: Record<Mark, string> = {
  done: '✅',
  waiting: '⏳',
  failed: '❌',
  warning: '⚠',
  private: '🔒',
}

export function plainReply(reply: Reply): string {
  switch (reply.kind) {
    case 'text': {
      const mark = reply.mark ? `${MARKS[reply.mark]} ` : ''
      return mark + reply.lines.map(plain).join('\n')
    }
    case 'table':
      return [
        plain(reply.title),
        reply.columns.map(({ header }) => header).join(', '),
        ...reply.rows.map(row => row.join(', ')),
        ...(reply.after ?? []).map(plain),
      ].join('\n')
    case 'fields':
      return [plain(reply.title), ...fieldLines(reply.fields), ...(reply.after ?? []).map(plain)].join('\n')
    case 'card':
      return [
        plain(reply.title),
        ...fieldLines(reply.fields ?? []),
        ...reply.steps.map(stepLine).map(plain),
        ...(reply.ending ?? []).map(plain),
      ].join('\n')
  }
}

export type Step = Extract<Reply, { kind: 'card' }>['steps'][number]

export function stepLine({ mark, title, note }: Step): Text {
  const line = `${MARKS[mark]} ${title}`
  if (note === undefined) return line
  return typeof note === 'string' ? `${line} · ${note}` : [`${line} · `, ...note]
}

const fieldLines = (fields: readonly { label: string; value: Text }[]) =>
  fields.map(({ label, value }) => `${label}: ${plain(value)}`)

/** Columns side by side, for a fixed-width font. */
export function tableText({
  columns,
  rows,
}: Pick<Extract<Reply, { kind: 'table' }>, 'columns' | 'rows'>): string {
  const widths = columns.map(({ header }, i) =>
    Math.max(header.length, ...rows.map(row => (row[i] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, i) =>
        align === 'right' ? (cells[i] ?? '').padStart(widths[i]!) : (cells[i] ?? '').padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd()
  return [line(columns.map(({ header }) => header)), ...rows.map(line)].join('\n')
}
