/** JSON lines on stderr (pino). Boxes print as `[secret]`; names that hold secrets are censored besides. */
import { pino, stdSerializers } from 'pino'
import type { Log } from '../core/ports/log.js'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** A second net below `Secret`, by name and at two depths. */
const CENSORED = ['authorization', 'privateKey', 'privateKeyPEM', 'passphrase', 'token', 'secret'].flatMap(
  name => [name, `*.${name}`],
)

export function createLog(level: LogLevel, write: (line: string) => void): Log {
  const logger = pino(
    {
      level,
      base: {},
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
      serializers: { error: stdSerializers.err },
      redact: { paths: CENSORED, censor: '[secret]' },
    },
    { write },
  )
  return {
    debug: (text, details) => logger.debug(plainJson(details), text),
    info: (text, details) => logger.info(plainJson(details), text),
    warn: (text, details) => logger.warn(plainJson(details), text),
    error: (text, details) => logger.error(plainJson(details), text),
  }
}

/** Through JSON first, so that a `Secret` is masked before pino looks at it. */
const plainJson = (details: Record<string, unknown> = {}) => JSON.parse(JSON.stringify(details)) as object
