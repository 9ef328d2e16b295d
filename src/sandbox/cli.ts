/** The sandbox as a program: settings in, one JSON line out, a sentence and an exit code when it cannot be. */
import type { Writable } from 'node:stream'
import { BotError } from '../core/errors.js'
import { type Sandbox, startSandbox } from './sandbox.js'
import { readSettings } from './settings.js'

/** `EX_CONFIG` of sysexits.h: the settings are wrong. */
const WRONG_SETTINGS = 78

export interface Terminal {
  environment: NodeJS.ProcessEnv
  stdout: Writable
  stderr: Writable
}

/** @returns the running sandbox, or the code to exit with */
export async function runSandbox({ environment, stdout, stderr }: Terminal): Promise<Sandbox | number> {
  try {
    const sandbox = await startSandbox(readSettings(environment))
    stdout.write(`${JSON.stringify(sandbox.info)}\n`)
    return sandbox
  } catch (thrown) {
    const trouble = portTrouble(thrown) ?? BotError.from(thrown)
    const isSetting = trouble.code === 'input.invalid'
    stderr.write(
      `${isSetting ? [trouble.message, trouble.hint].filter(Boolean).join(' ') : String(thrown)}\n`,
    )
    return isSetting ? WRONG_SETTINGS : 1
  }
}

function portTrouble(thrown: unknown): BotError | null {
  if (!(thrown instanceof Error) || !('code' in thrown) || !('port' in thrown)) return null
  const why = { EADDRINUSE: 'is taken', EACCES: 'may not be used by this account' }[String(thrown.code)]
  if (why === undefined) return null
  return new BotError('input.invalid', `Port ${thrown.port} on 127.0.0.1 ${why}.`, {
    hint: 'Set SANDBOX_PORT, SANDBOX_TLS_PORT, SANDBOX_KMIP_PORT or SANDBOX_KMIP_RSA_PORT to another one; 0 takes any free one.',
  })
}
