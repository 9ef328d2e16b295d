/** Picks the way to prove who calls (auth.ts). */
import type { Authenticator, AuthTools, OvhAuthentication } from './auth.js'
import { serviceAccount } from './service-account.js'
import { signatureKeys } from './signature.js'

/** @throws BotError `input.invalid` when a service account has no token address */
export function authenticator(authentication: OvhAuthentication, tools: AuthTools): Authenticator {
  switch (authentication.way) {
    case 'application':
      return signatureKeys(authentication, tools)
    case 'client':
      return serviceAccount(authentication, tools)
    case 'token': {
      const { accessToken } = authentication
      return {
        stamp: async () => ({
          headers: { authorization: `Bearer ${accessToken.reveal()}` },
          isCurable: () => false,
        }),
        secrets: () => [accessToken],
      }
    }
  }
}
