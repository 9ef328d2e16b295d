/** The policy file on the disk. What a file says is src/bot/policy.ts's. */
import { readFile } from 'node:fs/promises'
import { formatPolicyMistakes, parsePolicy } from './bot/policy.js'
import type { Policy } from './bot/policy-model.js'

/** The policy; `null` when there is no such file; a text for a person at a terminal when it cannot be used. */
export async function readPolicyFile(file: string): Promise<Policy | null | string> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    return `POLICY_FILE ${file} cannot be read: ${(error as Error).message}\n`
  }
  const parsed = parsePolicy(text)
  return parsed.ok ? parsed.policy : `${formatPolicyMistakes(file, parsed.mistakes)}\n`
}
