/**
 * `npm run doctor`: what can be checked from outside before the first start: settings, policy, Redis, OVHcloud. Each with ✅ or ❌ and
 * the line that mends it. Exits 0, 1 with a ❌, 78 for wrong settings. Rights and chat platforms are not looked at here yet.
 */
import { type Config, formatMistakes, readConfig } from './config.js'
import { formatDuration } from './core/duration.js'
import { BotError } from './core/errors.js'
import { realClock } from './core/ports/clock.js'
import { silentLog } from './core/ports/log.js'
import { unlimited } from './core/ports/rate-limiter.js'
import { createAccount } from './ovh/account.js'
import { createOvhClient } from './ovh/client.js'
import { createOkms } from './ovh/okms.js'
import { readPolicyFile } from './policy-file.js'
import { connectRedis } from './store/redis.js'

const EX_CONFIG = 78

interface Finding {
  good: boolean
  what: string
  /** The line that mends it. */
  mend?: string
}

const read = readConfig()
for (const warning of read.warnings) process.stderr.write(`⚠ ${warning}\n`)
if ('mistakes' in read) {
  process.stderr.write(formatMistakes(read.mistakes))
  process.exit(EX_CONFIG)
}
const findings = [
  { good: true, what: `Settings for ROLE=${read.config.role}` },
  await lookAtPolicy(read.config),
  ...(await lookAtRedis(read.config)),
  ...(await lookAtOvh(read.config)),
]
for (const { good, what, mend } of findings) {
  process.stdout.write(`${good ? '✅' : '❌'} ${what}\n${mend === undefined ? '' : `   ${mend}\n`}`)
}
process.exit(findings.every(({ good }) => good) ? 0 : 1)

async function lookAtPolicy({ policyFile }: Config): Promise<Finding> {
  const policy = await readPolicyFile(policyFile)
  const mend = `npm run policy:check ${policyFile} tells each mistake; demo/policy.yaml is one to begin with.`
  if (policy === null)
    return { good: false, what: `There is no policy file ${policyFile}, so nobody may do anything`, mend }
  if (typeof policy === 'string')
    return { good: false, what: `The policy file ${policyFile} cannot be used`, mend }
  return { good: true, what: `Policy ${policyFile}, version ${policy.version}` }
}

async function lookAtRedis({ redisUrl }: Config): Promise<Finding[]> {
  const redis = connectRedis(redisUrl.reveal(), 'chat', silentLog)
  try {
    const info = String(await redis.call('INFO', 'server'))
    const version = /redis_version:(\d+)\.(\d+)\S*/.exec(info)
    const [name, major, minor] = [
      version?.[0].split(':')[1] ?? 'of an unknown version',
      Number(version?.[1]),
      Number(version?.[2]),
    ]
    const isNew = major > 6 || (major === 6 && minor >= 2)
    const aof = /aof_enabled:1/.test(String(await redis.call('INFO', 'persistence')))
    const policy = /maxmemory_policy:(\S+)/.exec(String(await redis.call('INFO', 'memory')))?.[1]
    return [
      { good: isNew, what: `Redis ${name}`, ...(isNew ? {} : { mend: 'Redis 6.2 or newer is needed.' }) },
      {
        good: aof,
        what: aof ? 'Redis writes everything to disk' : 'Redis forgets runs when it stops',
        ...(aof ? {} : { mend: 'CONFIG SET appendonly yes, and appendonly yes in redis.conf.' }),
      },
      {
        good: policy === 'noeviction',
        what: `Redis maxmemory-policy ${policy ?? 'unknown'}`,
        ...(policy === 'noeviction'
          ? {}
          : { mend: 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.' }),
      },
    ]
  } catch (error) {
    return [
      { good: false, what: 'Redis does not answer', mend: `Is REDIS_URL right? ${(error as Error).message}` },
    ]
  } finally {
    redis.disconnect()
  }
}

async function lookAtOvh({ ovh }: Config): Promise<Finding[]> {
  if (!ovh) return []
  const client = createOvhClient({
    endpoint: ovh.endpoint,
    auth: ovh.authentication,
    limiter: unlimited,
    clock: realClock,
    log: silentLog,
  })
  try {
    const { account, method } = await createAccount(client).whoAmI()
    const started = performance.now()
    const count = (await createOkms(client).list()).length
    const took = performance.now() - started
    return [
      { good: true, what: `OVHcloud ${ovh.endpoint} as ${method} of account ${account}` },
      {
        good: true,
        what: `${count} OKMS in sight, answered in ${took < 1000 ? `${Math.round(took)} ms` : formatDuration(took)}`,
      },
    ]
  } catch (thrown) {
    const error = BotError.from(thrown)
    return [
      {
        good: false,
        what: `OVHcloud ${ovh.endpoint}: ${error.message}`,
        ...(error.hint === undefined ? {} : { mend: error.hint }),
      },
    ]
  } finally {
    await client.close()
  }
}
