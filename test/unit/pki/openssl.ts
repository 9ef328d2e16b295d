/** The openssl command line in a folder of its own, for what another implementation says about our bytes. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'okms-bot-pki-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes a file for openssl to read. */
export function put(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content, { mode: 0o600 })
  return path
}

export const pathOf = (name: string): string => join(folder, name)

/** What it printed, both streams; throws with the same when it was not content. */
export async function openssl(...args: string[]): Promise<string> {
  const child = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', chunk => (output += chunk))
  child.stderr.on('data', chunk => (output += chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  if (code !== 0) throw new Error(`openssl ${args[0]} left with ${code}: ${output}`)
  return output
}
