/** From the bytes of an answer to data that may be believed. */
import type { z } from 'zod'
import { misshapen, unreadable } from './errors.js'
import type { Attempted } from './lost.js'
import type { Answer } from './transport.js'

export const isSuccess = (answer: Answer) => answer.status >= 200 && answer.status < 300

/** Bytes to JSON to what we asked for. The parser's own errors are dropped: they quote the body. */
export function read<T>(call: Attempted, answer: Answer, schema: z.ZodType<T>): T {
  let json: unknown = null
  try {
    if (answer.body.length > 0) json = JSON.parse(answer.body.toString('utf8'))
  } catch {
    throw unreadable(call, answer)
  }
  const checked = schema.safeParse(json)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]
  const field = (issue?.path ?? [])
    .map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
  throw misshapen(call, answer, field.replace(/^\./, ''), expectation(issue))
}

function expectation(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'invalid_type') return issue.expected
  if (issue?.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`
  if (issue?.code === 'invalid_format') return issue.format
  // Ours, from a check in schema.ts.
  if (issue?.code === 'custom') return issue.message
  return 'something else'
}

/** Schemas are compiled at first use, so a list of the same items is made once. */
const lists = new WeakMap<z.ZodType, z.ZodType>()

export function listOf<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  const known = lists.get(item) as z.ZodType<T[]> | undefined
  if (known) return known
  const list = item.array()
  lists.set(item, list)
  return list
}
