/** A message as a person reads it: Markdown rendered to plain text, buttons as `[Label]`. */
import { formatInstant } from '../../../src/core/text.js'
import { flatten } from './rules.js'
import type { Message, World } from './world.js'

const TOKENS =
  /```\n?([\s\S]*?)```|``\s(.+?)\s``|`([^`]*)`|\\([^0-9A-Za-z\s])|<t:(\d+):([fD])>|<@(\d+)>|\*\*|^-# /gm

export function renderMarkdown(text: string, world: World): string {
  return text.replace(TOKENS, (all, block, longCode, shortCode, escaped, seconds, style, user) => {
    if (block !== undefined) return block as string
    if (longCode !== undefined) return longCode as string
    if (shortCode !== undefined) return shortCode as string
    if (escaped !== undefined) return escaped as string
    if (seconds !== undefined) return formatInstant(Number(seconds) * 1000, style === 'D' ? 'day' : 'minute')
    if (user !== undefined) return `@${world.users.get(user as string)?.name ?? user}`
    return all === '**' || all === '-# ' ? '' : (all as string)
  })
}

export function readMessage({ components, attachments, isThinking }: Message, world: World): string {
  if (isThinking) return '(thinking)'
  const all = flatten(components)
  const texts = all.filter(({ type }) => type === 10).map(({ content }) => renderMarkdown(content!, world))
  const buttons = all.filter(({ type }) => type === 2).map(({ label }) => `[${label}]`)
  const described = new Map(
    all.flatMap(({ items = [] }) => items.map(({ media, description }) => [media.url, description])),
  )
  const files = attachments.map(({ name }) => {
    const alt = described.get(`attachment://${name}`)
    return alt === undefined ? name : `${name} (${alt})`
  })
  return [
    ...texts,
    ...(files.length > 0 ? [files.join(' · ')] : []),
    ...(buttons.length > 0 ? [buttons.join('  ')] : []),
  ].join('\n')
}
