/** Tables on Discord: in fixed width where a line of it fits a narrow window, else one short paragraph for each row. */
import type { Reply } from '../../core/reply.js'
import { codeBlock, escapeMarkdown, inlineCode } from './markup.js'

type Table = Extract<Reply, { kind: 'table' }>

/** Wider lines wrap in the client and are a table no more; phones wrap sooner still. */
const WIDEST_BLOCK = 72
/** What looks like an id is shown so that it can be copied. */
const ID = /^[\w:.-]{20,}$/

export interface ShownTable {
  text: string
  /** How many rows are not in it. */
  left: number
}

/** As many rows as fit into `maxChars`. */
export function encodeTable(table: Table, maxChars: number): ShownTable {
  const lines = tableLines(table)
  const isNarrow = Math.max(...lines.map(line => line.length)) <= WIDEST_BLOCK
  const rows = isNarrow ? lines.slice(1) : table.rows.map(row => paragraph(table, row))
  const around = isNarrow ? (text: string) => codeBlock([lines[0]!, text].join('\n')) : (text: string) => text
  let shown = rows.length
  while (shown > 0 && around(rows.slice(0, shown).join('\n')).length > maxChars) shown--
  return { text: around(rows.slice(0, shown).join('\n')), left: rows.length - shown }
}

/** The whole table as plain lines of fixed width, header first. */
export function tableLines({ columns, rows }: Table): string[] {
  const cells = [columns.map(({ header }) => header), ...rows].map(row =>
    row.map(cell => cell.replaceAll(/\s+/g, ' ')),
  )
  const widths = columns.map((_, i) => Math.max(...cells.map(row => [...(row[i] ?? '')].length)))
  return cells.map(row =>
    columns
      .map(({ align }, i) => {
        const blank = ' '.repeat(widths[i]! - [...(row[i] ?? '')].length)
        return align === 'right' ? blank + (row[i] ?? '') : (row[i] ?? '') + blank
      })
      .join('  ')
      .trimEnd(),
  )
}

/** **prod-kms**, then a line of what is known of it, each with its name; where there is but one such thing, it needs none. */
function paragraph({ columns }: Table, row: readonly string[]): string {
  const [name = '', ...rest] = row
  const facts = rest.flatMap((cell, i) => {
    if (cell.trim() === '') return []
    const shown = ID.test(cell) ? inlineCode(cell) : escapeMarkdown(cell)
    const header = columns[i + 1]!.header.toLowerCase()
    return [columns.length === 2 ? shown : `${escapeMarkdown(header)} ${shown}`]
  })
  return [`**${escapeMarkdown(name)}**`, facts.join(' · ')].filter(line => line !== '').join('\n')
}
