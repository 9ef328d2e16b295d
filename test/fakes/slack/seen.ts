/** What a person reads of a message: Block Kit as plain text, markup resolved as Slack's clients do. */
import type { Block, Message, World } from './world.js'

interface TextObject {
  type: string
  text: string
}
export interface SeenButton {
  label: string
  actionId: string
  value: string
  blockId: string
}

export function shownText(message: Message, world: World): string {
  const lines =
    message.blocks.length > 0
      ? message.blocks.flatMap(block => blockLines(block, world))
      : [shown({ type: 'mrkdwn', text: message.text }, world)]
  const files = message.files.flatMap(id => {
    const file = world.files.get(id)
    return file ? [file.alt === '' ? file.name : `${file.name} (${file.alt})`] : []
  })
  const buttons = buttonsOf(message).map(({ label }) => `[${label}]`)
  return [
    ...lines,
    ...(files.length > 0 ? [files.join(' · ')] : []),
    ...(buttons.length > 0 ? [buttons.join('  ')] : []),
  ]
    .filter(line => line !== '')
    .join('\n')
}

function blockLines(block: Block, world: World): string[] {
  if (block.type === 'section') {
    const fields = (block.fields ?? []) as TextObject[]
    const pairs: string[] = []
    for (let i = 0; i < fields.length; i += 2) {
      pairs.push(
        `${shown(fields[i]!, world)}  ${fields[i + 1] ? shown(fields[i + 1]!, world) : ''}`.trimEnd(),
      )
    }
    return [...(block.text ? [shown(block.text as TextObject, world)] : []), ...pairs]
  }
  if (block.type === 'context') return (block.elements as TextObject[]).map(element => shown(element, world))
  if (block.type === 'table') {
    return (block.rows as { text: string }[][]).map(row => row.map(({ text }) => text).join('  '))
  }
  return []
}

function shown({ type, text }: TextObject, world: World): string {
  if (type === 'plain_text') return text
  const nameOf = (id: string) => [...world.users].find(([, user]) => user === id)?.[0] ?? id
  return text
    .replaceAll(/<@([UW][A-Z0-9]+)>/g, (_, id: string) => `@${nameOf(id)}`)
    .replaceAll(/<!date\^\d+\^[^|]+\|([^>]+)>/g, '$1')
    .replaceAll(/^\*(.*)\*$/gm, '$1')
    .replaceAll('`', '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

export function buttonsOf({ blocks }: Message): SeenButton[] {
  return blocks.flatMap((block, at) =>
    block.type !== 'actions'
      ? []
      : (block.elements as { text: TextObject; action_id: string; value: string }[]).map(element => ({
          label: element.text.text,
          actionId: element.action_id,
          value: element.value,
          blockId: `block-${at}`,
        })),
  )
}
