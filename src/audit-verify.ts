/**
 * `npm run audit:verify [-- --head '<json>']`: walks the audit trail to its first broken link. Exits 0 when all is good, 1 when it is
 * broken, 64 for words it does not know, 69 when Redis cannot be read, 78 for wrong settings (sysexits).
 */
import { readFileSync } from 'node:fs'
import { deriveAuditKeys, readKeys } from './config/keys.js'
import { readRedisUrl } from './config/redis-url.js'
import { openSource } from './config/source.js'
import { formatMistakes } from './config.js'
import { BotError } from './core/errors.js'
import { createLog } from './ops/log.js'
import { auditLinks } from './store/audit.js'
import { type AuditHead, auditHead, type Link, verifyAudit } from './store/audit-chain.js'
import { connectRedis } from './store/redis.js'

const EX_USAGE = 64
const EX_UNAVAILABLE = 69
const EX_CONFIG = 78
const TELL_EVERY = 10_000

const source = openSource(process.env, path => readFileSync(path, 'utf8'))
const redisUrl = readRedisUrl(source)
const auditKeys = source.has('AUDIT_KEY')
  ? readKeys(source, 'AUDIT_KEY')
  : deriveAuditKeys(readKeys(source, 'SECRET_KEY'))
if (!source.has('AUDIT_KEY') && !source.has('SECRET_KEY')) {
  source.wrong('AUDIT_KEY', 'is missing, and so is SECRET_KEY, from which it would be derived')
}
if (source.mistakes.length > 0 || !redisUrl) {
  leave(EX_CONFIG, formatMistakes(source.mistakes, 'the audit trail can be verified'))
}
const head = readHead(process.argv.slice(2))

const redis = connectRedis(
  redisUrl.reveal(),
  'chat',
  createLog('warn', line => void process.stderr.write(line)),
)
try {
  const verdict = await verifyAudit(told(auditLinks(redis)), auditKeys, head)
  const entries = verdict.count === 1 ? '1 entry' : `${verdict.count} entries`
  if (verdict.good) {
    process.stdout.write(
      head
        ? `The audit trail is good: ${entries} unbroken, and the head of entry ${head.count} is among them.\n`
        : `The audit trail is good: ${entries} unbroken. Without --head, newest entries that were cut off do not show.\n`,
    )
  } else {
    const where = verdict.id === null ? '' : ` at entry ${verdict.id}`
    process.stdout.write(`The audit trail is broken${where}. ${verdict.why} ${entries} before it are good.\n`)
    process.exitCode = 1
  }
} catch (thrown) {
  const { message, details } = BotError.from(thrown)
  leave(EX_UNAVAILABLE, `The audit trail cannot be read: ${message} ${details.reason ?? ''}\n`)
} finally {
  redis.disconnect()
}

async function* told(links: AsyncIterable<Link>): AsyncGenerator<Link> {
  let count = 0
  for await (const link of links) {
    yield link
    if (++count % TELL_EVERY === 0) process.stderr.write(`${count} entries verified\n`)
  }
}

/** `--head` with what the log told under "audit head"; the whole line of the log will do. */
function readHead(words: readonly string[]): AuditHead | undefined {
  if (words.length === 0) return undefined
  const [flag, text = '', ...more] = words
  const read = auditHead.safeParse(flag === '--head' && more.length === 0 ? jsonOf(text) : null)
  if (read.success) return read.data
  return leave(
    EX_USAGE,
    `Usage: npm run audit:verify [-- --head '{"count":…,"mac":"…","keyId":"…","seal":"…"}']\n`,
  )
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function leave(code: number, why: string): never {
  process.stderr.write(why)
  process.exit(code)
}
