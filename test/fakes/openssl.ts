/** The openssl command line, the second opinion on everything that is X.509. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Standard output and error of `openssl …`. @throws when it exits with anything but 0 */
export async function openssl(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run('openssl', args)
  return stdout + stderr
}
