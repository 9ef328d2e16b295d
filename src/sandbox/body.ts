/** From the bytes of a request to a checked body: the first broken rule becomes the refusal. */
import type { z } from 'zod'
import { badRequest, type Refusal } from './refusal.js'

/**
 * A message for a zod rule that carries the API's own reason: `CredentialNameMaximumExceeded: [name] …`.
 * A rule without one is refused as plain `Client::BadRequest`.
 */
export function reason(word: string, text: string): string {
  return `${word}: ${text}`
}

/** A message in the API's very words, for a plain `Client::BadRequest`. */
export function words(text: string): string {
  return `: ${text}`
}

/** JSON is read whatever the Content-Type says: a published Node client sends none with OAuth2. */
export function readJson(raw: Buffer): unknown {
  if (raw.length === 0) return undefined
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw))
  } catch {
    throw badRequest('The body is not valid JSON')
  }
}

/** @throws Refusal 400 */
export function checkBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const checked = schema.safeParse(body ?? {})
  if (checked.success) return checked.data
  throw refusalOf(checked.error.issues[0]!)
}

function refusalOf(issue: z.core.$ZodIssue): Refusal {
  const field = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    // The API's own words (ovh/php-ovh issue 63, 2017; still seen in 2026).
    return badRequest(`Received not described parameters: (${issue.keys.join(', ')})`)
  }
  const [, word, text] = /^([A-Z][A-Za-z]+)?: (.*)$/s.exec(issue.message) ?? []
  if (text !== undefined) return badRequest(text, word)
  return badRequest(field === '' ? issue.message : `[${field}] ${issue.message}`)
}
