/**
 * `npm run doctor`: everything the bot needs, examined before the first start: settings, policy, Redis, OVHcloud and its rights, KMIP
 * endpoints, Discord, Slack. Each with ✅ or ❌ and the line that mends it, by the checkups that `/okms doctor` asks. Exits 0, 1 with a
 * ❌, 78 for wrong settings.
 */

import { createIdentityCheckup } from './bot/identity-checkup.js'
import { channelsNamed, createPolicyCheckup } from './bot/policy-checkup.js'
import type { Policy } from './bot/policy-model.js'
import { type Config, formatMistakes, readConfig } from './config.js'
import { type Finding, findingLines, isWell } from './core/finding.js'
import { type Checkup, examineAll } from './core/ports/checkup.js'
import { realClock } from './core/ports/clock.js'
import { silentLog } from './core/ports/log.js'
import type { PolicySource } from './core/ports/policy-source.js'
import { unlimited } from './core/ports/rate-limiter.js'
import { createKmipCheckup } from './kmip/checkup.js'
import { createEndpointProbe } from './kmip/probe.js'
import { createOvhClient } from './ovh/client.js'
import { createOvhPorts } from './ovh/ports.js'
import { createDiscordCheckup } from './platforms/discord/checkup.js'
import { createSlackCheckup } from './platforms/slack/checkup.js'
import { readPolicyFile } from './policy-file.js'
import { createRedisCheckup } from './store/checkup.js'
import { connectRedis } from './store/redis.js'

const EX_CONFIG = 78

const read = readConfig()
for (const warning of read.warnings) process.stderr.write(`⚠ ${warning}\n`)
if ('mistakes' in read) {
  process.stderr.write(formatMistakes(read.mistakes))
  process.exit(EX_CONFIG)
}
const findings = await examine(read.config)
process.stdout.write(`${findingLines(findings).join('\n')}\n`)
for (const { file } of findings) {
  if (file) process.stdout.write(`\n${file.name}:\n${file.text}`)
}
process.exit(isWell(findings) ? 0 : 1)

async function examine(config: Config): Promise<Finding[]> {
  const { role, redisUrl, policyFile, discord, slack } = config
  const given = await readPolicyFile(policyFile)
  const policy = typeof given === 'string' ? null : given
  const redis = connectRedis(redisUrl.reveal(), 'chat', silentLog)
  try {
    return await examineAll([
      { name: 'Settings', examine: async () => [{ state: 'good', what: `Settings for ROLE=${role}` }] },
      typeof given === 'string'
        ? unusable(policyFile, given)
        : createPolicyCheckup({ current: async () => given }),
      createRedisCheckup(redis),
      ...ovhCheckups(config, { current: async () => policy }),
      ...(discord ? [createDiscordCheckup(discord, () => channelsNamed(policy, 'discord'))] : []),
      ...(slack ? [createSlackCheckup(slack, () => channelsNamed(policy, 'slack'))] : []),
    ])
  } finally {
    redis.disconnect()
  }
}

function unusable(file: string, why: string): Checkup {
  return {
    name: 'Policy',
    examine: async () => [
      {
        state: 'bad',
        what: `The policy file ${file} cannot be used: ${why.trim()}`,
        mend: `Mend it, then npm run policy:check ${file}; demo/policy.yaml is one to begin with.`,
      },
    ],
  }
}

function ovhCheckups({ ovh }: Config, policy: PolicySource<Policy>): Checkup[] {
  if (!ovh) return []
  const { endpoint, authentication: auth } = ovh
  const client = createOvhClient({ endpoint, auth, limiter: unlimited, clock: realClock, log: silentLog })
  const { okms, identities, checkup } = createOvhPorts(client, endpoint, realClock)
  return [
    checkup,
    createKmipCheckup(okms, createEndpointProbe({ clock: realClock })),
    createIdentityCheckup(policy, identities),
  ]
}
