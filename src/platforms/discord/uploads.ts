/** What people upload: fetched from Discord's own hosts only, no longer than the option allows, as text. */
import { BotError } from '../../core/errors.js'
import type { HeardAttachment } from './schema.js'

/** https://docs.discord.com/developers/reference#signed-attachment-cdn-urls */
const HOSTS = ['cdn.discordapp.com', 'media.discordapp.net']
const DISCORD_API = 'discord.com'
const DOWNLOAD_TIMEOUT_MS = 10_000

/**
 * @param apiUrl where it is not Discord itself, uploads may lie beside it (a proxy, a test)
 * @throws BotError `input.invalid` when it is too long or no text, `chat.unreachable` when it cannot be fetched
 */
export async function fetchUpload(
  { url, filename, size }: HeardAttachment,
  maxBytes: number,
  apiUrl: string,
): Promise<string> {
  const tooLong = () =>
    new BotError('input.invalid', `The file "${filename}" is longer than ${maxBytes} bytes.`, {
      hint: 'A certificate signing request in PEM form is far shorter: is it the right file?',
    })
  if (size > maxBytes) throw tooLong()
  if (!isAllowed(url, apiUrl))
    throw new BotError('chat.refused', 'Discord named a place for an upload that is not its own.')
  const bytes = await download(url, maxBytes)
  if (bytes === null) throw tooLong()
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new BotError('input.invalid', `The file "${filename}" is not text.`, {
      hint: 'Upload the PEM form of it.',
    })
  }
}

function isAllowed(address: string, apiUrl: string): boolean {
  const url = new URL(address)
  if (url.protocol === 'https:' && HOSTS.includes(url.host)) return true
  const api = new URL(apiUrl)
  return api.hostname !== DISCORD_API && url.origin === api.origin
}

/** `null`: longer than that. Links are signed, so no address is named in a failure. */
async function download(url: string, maxBytes: number): Promise<Buffer | null> {
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) })
    if (!answer.ok || !answer.body)
      throw new BotError('chat.unreachable', `Discord did not hand out the upload (status ${answer.status}).`)
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > maxBytes) return null
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    if (error instanceof BotError) throw error
    throw new BotError('chat.unreachable', 'The upload could not be fetched from Discord.', {
      hint: 'Try again in a minute.',
    })
  }
}
