/**
 * `npm start`: reads the environment, starts the half or halves that `ROLE` names, and leaves in order on SIGTERM. Wrong settings are
 * listed all at once, exit code 78 (EX_CONFIG of sysexits).
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { loadDefinitions } from './bot/load.js'
import { formatPolicyMistakes, parsePolicy } from './bot/policy.js'
import type { Policy } from './bot/policy-model.js'
import { type CommonParts, type Half, publishPolicy, startWorker } from './build-bot.js'
import { type Config, formatMistakes, readConfig } from './config.js'
import { realChance } from './core/ports/chance.js'
import { realClock } from './core/ports/clock.js'
import type { Log } from './core/ports/log.js'
import { createEndpointProbe } from './kmip/probe.js'
import { createLog } from './ops/log.js'
import { createOvhClient } from './ovh/client.js'
import { createOkms } from './ovh/okms.js'
import { createPrivateCloud } from './ovh/private-cloud.js'

const EX_CONFIG = 78
/** Docker waits 10 s and Kubernetes 30 s before SIGKILL; a step in hand gets most of the latter. */
const LEAVE_WITHIN_MS = 25_000

const read = readConfig()
if ('mistakes' in read) leaveUnstarted(formatMistakes(read.mistakes))
const { config, warnings } = read
if (config.role !== 'worker') {
  leaveUnstarted(
    `ROLE is ${config.role}, and this version speaks on neither Discord nor Slack yet.\n` +
      '  ROLE=worker starts the half that talks to OVHcloud; npm run demo starts the whole bot in a terminal.\n',
  )
}

const log = createLog(config.logLevel, line => void process.stderr.write(line))
for (const warning of warnings) log.warn('setting', { warning })
const first = await readPolicyFile(config.policyFile)
if (typeof first === 'string') leaveUnstarted(first)
if (first) await publishPolicy(config.redisUrl.reveal(), first, log)
else log.warn('there is no policy file, so nobody may do anything', { file: config.policyFile })

const half = await start(config, log)
log.info('started', { role: config.role, policy: first?.version ?? 'none' })

process.on('SIGHUP', () => void reload(config, log))
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void leave(half, log, signal))

async function start({ redisUrl, secretKeys, ovh }: Config, log: Log): Promise<Half> {
  const common: CommonParts = {
    redisUrl: redisUrl.reveal(),
    secretKeys,
    definitions: await loadDefinitions(fileURLToPath(new URL('..', import.meta.url))),
    platforms: ['discord', 'slack'],
    clock: realClock,
    chance: realChance,
    log,
  }
  const { endpoint, authentication, rate } = ovh!
  return startWorker({
    ...common,
    ovh(limiter) {
      const client = createOvhClient({ endpoint, auth: authentication, limiter, clock: realClock, log })
      return {
    okms: createOkms(client),
    privateCloud: createPrivateCloud(client),
    close: () => client.close(),
  }
    },
    probe: createEndpointProbe({ clock: realClock }),
    rate,
  })
}

/** The policy; `null` when there is no such file; a text that says what is wrong with it. */
async function readPolicyFile(file: string): Promise<Policy | null | string> {
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

async function reload({ policyFile, redisUrl }: Config, log: Log): Promise<void> {
  try {
    const policy = await readPolicyFile(policyFile)
    if (policy === null || typeof policy === 'string') {
      log.error('policy not reloaded, the old one holds', { mistakes: policy ?? 'the file is gone' })
      return
    }
    await publishPolicy(redisUrl.reveal(), policy, log)
    log.info('policy reloaded', { policy: policy.version })
  } catch (error) {
    log.error('policy not reloaded, the old one holds', { reason: String(error) })
  }
}

async function leave(half: Half, log: Log, signal: string): Promise<void> {
  log.info('leaving', { signal })
  const inTime = await Promise.race([
    half.stop().then(() => true),
    sleep(LEAVE_WITHIN_MS, false, { ref: false }),
  ])
  if (!inTime) log.warn('left with a step in hand; another worker takes it over')
  process.exit(0)
}

function leaveUnstarted(why: string): never {
  process.stderr.write(why)
  process.exit(EX_CONFIG)
}
