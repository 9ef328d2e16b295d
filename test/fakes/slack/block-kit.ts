/**
 * What Slack refuses in blocks and views, from our own reading of https://docs.slack.dev/reference/block-kit. Knows the kinds of
 * blocks the bot uses; any other is refused, and any field that is not listed.
 */

type Json = Record<string, unknown>

const BLOCK_FIELDS: Record<string, string[]> = {
  section: ['text', 'fields'],
  context: ['elements'],
  actions: ['elements'],
  table: ['rows', 'column_settings'],
  input: ['label', 'element', 'hint', 'optional'],
}
const ELEMENT_FIELDS: Record<string, string[]> = {
  button: ['text', 'action_id', 'value', 'style'],
  static_select: ['action_id', 'options'],
  plain_text_input: ['action_id', 'multiline', 'max_length'],
  file_input: ['action_id', 'filetypes', 'max_files'],
}

export class Refused extends Error {}

const must = (holds: boolean, why: string): void => {
  if (!holds) throw new Refused(why)
}
const json = (value: unknown, what: string): Json => {
  must(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} is no object`)
  return value as Json
}
const list = (value: unknown, what: string, most: number): Json[] => {
  must(Array.isArray(value), `${what} is no list`)
  must((value as unknown[]).length >= 1, `${what} is empty`)
  must((value as unknown[]).length <= most, `${what} has more than ${most}`)
  return value as Json[]
}
const only = (value: Json, fields: readonly string[], what: string): void => {
  const unknown = Object.keys(value).find(field => !fields.includes(field))
  must(unknown === undefined, `${what} has the unknown field ${unknown}`)
}

function text(value: unknown, what: string, most: number, kind?: 'plain_text'): void {
  const { type, text: said, ...rest } = json(value, what)
  must(type === 'plain_text' || (type === 'mrkdwn' && kind === undefined), `${what} is of type ${type}`)
  must(typeof said === 'string' && said.length >= 1, `${what} is empty`)
  must((said as string).length <= most, `${what} is longer than ${most}`)
  only(rest, [type === 'mrkdwn' ? 'verbatim' : 'emoji'], what)
  if (type === 'mrkdwn') markup(said as string, what)
}

/** In mrkdwn, `<` stands only before what Slack knows, and never calls a whole channel. */
function markup(said: string, what: string): void {
  const bare = said.replaceAll(/<(@[UW][A-Z0-9]+|!date\^\d+\^[^|<>]+\|[^<>]+)>/g, '')
  must(!/[<>]/.test(bare), `${what} holds markup that was not escaped: ${bare.slice(0, 80)}`)
  must(!/&(?!amp;|lt;|gt;)/.test(bare), `${what} holds a bare &`)
}

/** `text` of a message is mrkdwn too. */
export function checkText(said: string): void {
  markup(said, 'text')
}

export function checkBlocks(value: unknown, most = 50): void {
  const blocks = list(value, 'blocks', most)
  const ids = blocks.map(block => block.block_id).filter(id => id !== undefined)
  must(new Set(ids).size === ids.length, 'a block_id is used twice')
  must(blocks.filter(({ type }) => type === 'table').length <= 1, 'only one table in a message')
  for (const block of blocks) checkBlock(block)
}

function checkBlock(block: Json): void {
  const type = String(block.type)
  must(type in BLOCK_FIELDS, `block of type ${type}`)
  only(block, ['type', 'block_id', ...BLOCK_FIELDS[type]!], type)
  if (block.block_id !== undefined) must(String(block.block_id).length <= 255, 'block_id is too long')
  if (type === 'section') {
    must(block.text !== undefined || block.fields !== undefined, 'section has neither text nor fields')
    if (block.text !== undefined) text(block.text, 'section text', 3000)
    if (block.fields !== undefined)
      for (const field of list(block.fields, 'fields', 10)) text(field, 'field', 2000)
  }
  if (type === 'context')
    for (const element of list(block.elements, 'context', 10)) text(element, 'context', 3000)
  if (type === 'actions') {
    const elements = list(block.elements, 'actions', 25)
    must(new Set(elements.map(one => one.action_id)).size === elements.length, 'an action_id is used twice')
    for (const element of elements) checkElement(element, ['button'])
  }
  if (type === 'table') checkTable(block)
  if (type === 'input') {
    text(block.label, 'label', 2000, 'plain_text')
    if (block.hint !== undefined) text(block.hint, 'hint', 2000, 'plain_text')
    checkElement(json(block.element, 'element'), ['static_select', 'plain_text_input', 'file_input'])
  }
}

function checkTable({ rows, column_settings: settings }: Json): void {
  let chars = 0
  for (const row of list(rows, 'rows', 100)) {
    for (const cell of list(row, 'row', 20)) {
      must(cell.type === 'raw_text' && typeof cell.text === 'string' && cell.text !== '', 'a cell is empty')
      chars += String(cell.text).length
    }
  }
  must(chars <= 10_000, 'the table holds more than 10000 characters')
  if (settings !== undefined) {
    for (const setting of list(settings, 'column_settings', 20))
      only(setting, ['align', 'is_wrapped'], 'column')
  }
}

function checkElement(element: Json, allowed: readonly string[]): void {
  const type = String(element.type)
  must(allowed.includes(type), `element of type ${type}`)
  only(element, ['type', ...ELEMENT_FIELDS[type]!], type)
  const id = String(element.action_id ?? '')
  must(id.length >= 1 && id.length <= 255, 'action_id is missing or too long')
  if (type === 'button') {
    text(element.text, 'button', 75, 'plain_text')
    must(String(element.value ?? '').length <= 2000, 'button value is too long')
    must(element.style === undefined || ['primary', 'danger'].includes(String(element.style)), 'button style')
  }
  if (type === 'static_select') {
    for (const option of list(element.options, 'options', 100)) {
      text(option.text, 'option', 75, 'plain_text')
      must(typeof option.value === 'string' && option.value.length <= 75, 'option value is too long')
    }
  }
  if (type === 'plain_text_input') {
    const most = element.max_length
    must(most === undefined || (Number(most) >= 1 && Number(most) <= 3000), 'max_length')
  }
  if (type === 'file_input') must(Number(element.max_files ?? 10) <= 10, 'max_files')
}

/** https://docs.slack.dev/reference/views */
export function checkView(value: unknown): void {
  const view = json(value, 'view')
  only(view, ['type', 'callback_id', 'title', 'submit', 'close', 'private_metadata', 'blocks'], 'view')
  must(view.type === 'modal', 'view type')
  for (const part of ['title', 'submit', 'close']) text(view[part], part, 24, 'plain_text')
  must(String(view.private_metadata ?? '').length <= 3000, 'private_metadata is too long')
  must(String(view.callback_id ?? '').length <= 255, 'callback_id is too long')
  must(JSON.stringify(view).length <= 250_000, 'the view is too large')
  checkBlocks(view.blocks, 100)
}
