/**
 * Signature keys: application key, application secret, consumer key (ovh/go-ovh: ovh/ovh.go). The published `ovh` package computes
 * the signature; the clock difference is ours, because it keeps the first one for ever.
 */
import ovh from 'ovh'
import { z } from 'zod'
import type { Authenticator, AuthTools, OvhAuthentication } from './auth.js'
import { isAboutTime } from './refusals.js'
import { sharedUntilDone } from './shared-promise.js'

type Keys = Extract<OvhAuthentication, { way: 'application' }>

const unixSeconds = z.number().int().positive()

export function signatureKeys(keys: Keys, { origin, clock, fetch }: AuthTools): Authenticator {
  const signer = ovh({
    appKey: keys.applicationKey,
    appSecret: keys.applicationSecret.reveal(),
    consumerKey: keys.consumerKey.reveal(),
  })
  const nowSeconds = () => Math.floor(clock.now() / 1000)

  /** Seconds that OVHcloud's clock is ahead of ours; kept until a signature is refused. */
  let ahead: number | null = null
  const readTime = sharedUntilDone(async () => {
    const headers = { 'x-ovh-application': keys.applicationKey }
    const theirs = await fetch(
      { method: 'GET', url: `${origin}/v1/auth/time`, headers, body: null },
      unixSeconds,
    )
    ahead = theirs - nowSeconds()
    return ahead
  })

  return {
    async stamp({ method, url, body, signal }) {
      const difference = ahead ?? (await readTime(signal))
      const timestamp = nowSeconds() + difference
      return {
        headers: {
          'x-ovh-application': keys.applicationKey,
          'x-ovh-consumer': keys.consumerKey.reveal(),
          'x-ovh-timestamp': String(timestamp),
          'x-ovh-signature': signer.signRequest(method, url, body, timestamp),
        },
        isCurable(refusal) {
          if (!isAboutTime(refusal)) return false
          // Another call may have read the time again already.
          if (ahead === difference) ahead = null
          return true
        },
      }
    },
    secrets: () => [keys.applicationSecret, keys.consumerKey],
  }
}
