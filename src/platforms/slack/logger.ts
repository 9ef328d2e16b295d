/** What Slack's libraries want to say, as records of ours. Their debug text holds request bodies, so it is never written. */
import { type Logger, LogLevel } from '@slack/bolt'
import type { Log } from '../../core/ports/log.js'

export function createSlackLogger(log: Log): Logger {
  const said = (parts: unknown[]) => ({ said: parts.map(String).join(' ').slice(0, 300) })
  return {
    debug() {},
    info() {},
    warn: (...parts: unknown[]) => log.warn('slack client', said(parts)),
    error: (...parts: unknown[]) => log.warn('slack client', said(parts)),
    setLevel() {},
    getLevel: () => LogLevel.WARN,
    setName() {},
  }
}
