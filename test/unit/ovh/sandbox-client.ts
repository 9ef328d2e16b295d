/** The client as the bot has it, at a sandbox, with signature keys and without a limit on calls. */
import { realClock } from '../../../src/core/ports/clock.js'
import { silentLog } from '../../../src/core/ports/log.js'
import { unlimited } from '../../../src/core/ports/rate-limiter.js'
import { Secret } from '../../../src/core/secret.js'
import { createOvhClient, type OvhClient } from '../../../src/ovh/client.js'
import type { Sandbox } from '../../../src/sandbox/sandbox.js'

export function sandboxClient({ info }: Pick<Sandbox, 'info'>): OvhClient {
  const { url, applicationKey, applicationSecret, consumerKey } = info
  return createOvhClient({
    endpoint: url,
    auth: {
      way: 'application',
      applicationKey,
      applicationSecret: new Secret(applicationSecret),
      consumerKey: new Secret(consumerKey),
    },
    limiter: unlimited,
    clock: realClock,
    log: silentLog,
  })
}
