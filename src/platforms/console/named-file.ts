/** Files in the terminal: named by a path, or pasted. */
import { readFile } from 'node:fs/promises'
import { BotError } from '../../core/errors.js'

const LONGEST_FILE = 64 * 1024
/** Longest name of a file that is repeated in an answer. */
const LONGEST_NAME = 40

/** A file option takes a path, or the contents themselves. */
export async function readNamedFile(value: string): Promise<string> {
  if (value.includes('-----') || value.trimStart().startsWith('{')) return value
  try {
    const text = await readFile(value, 'utf8')
    if (text.length <= LONGEST_FILE) return text
  } catch (cause) {
    const named = value.length <= LONGEST_NAME ? ` "${value}"` : ' of that name'
    throw new BotError('input.invalid', `There is no readable file${named}.`, {
      hint: 'Write a path such as ./reader.csr, or paste the contents in quotes with \\n for line breaks.',
      cause,
    })
  }
  throw new BotError('input.invalid', `The file is longer than ${LONGEST_FILE / 1024} KiB.`)
}
