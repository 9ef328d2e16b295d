/** `/v1/me/api`: the applications of the account and what they were allowed, to be listed and revoked (OVHcloud API v1 schema, `api.Application`, `api.Credential`). */
import { formatInstant } from '../instants.js'
import type { Application, Consumer } from '../keyring.js'
import { notFound } from '../refusal.js'
import { type Route, route } from '../router.js'
import { readLong } from '../v1.js'
import type { World } from '../world.js'

const APPLICATION = '/v1/me/api/application'
const CREDENTIAL = '/v1/me/api/credential'

type Params = Readonly<Record<string, string>>

export function meApiRoutes({ keyring }: World): Route[] {
  const applicationOf = ({ applicationId }: Params): Application => {
    if (readLong('applicationId', applicationId!) !== keyring.application.id) {
      throw notFound('This application does not exist')
    }
    return keyring.application
  }
  const credentialOf = ({ credentialId }: Params): Consumer => {
    const id = readLong('credentialId', credentialId!)
    const found = keyring.consumers().find(consumer => consumer.id === id)
    if (!found) throw notFound('This credential does not exist')
    return found
  }
  return [
    route({
      method: 'GET',
      path: APPLICATION,
      iam: ['account:apiovh:me/api/application/get'],
      handler: () => [keyring.application.id],
    }),
    route({
      method: 'GET',
      path: `${APPLICATION}/{applicationId}`,
      iam: ['account:apiovh:me/api/application/get'],
      handler: ({ params }) => encodeApplication(applicationOf(params)),
    }),
    route({
      method: 'GET',
      path: CREDENTIAL,
      iam: ['account:apiovh:me/api/credential/get'],
      handler({ query }) {
        const status = query.get('status')
        const application = query.get('applicationId')
        return keyring
          .consumers()
          .filter(one => status === null || keyring.stateOf(one) === status)
          .filter(one => application === null || String(one.application.id) === application)
          .map(({ id }) => id)
      },
    }),
    route({
      method: 'GET',
      path: `${CREDENTIAL}/{credentialId}`,
      iam: ['account:apiovh:me/api/credential/get'],
      handler: ({ params }) => encodeCredential(credentialOf(params), keyring.stateOf(credentialOf(params))),
    }),
    route({
      method: 'GET',
      path: `${CREDENTIAL}/{credentialId}/application`,
      iam: ['account:apiovh:me/api/credential/application/get'],
      handler: ({ params }) => encodeApplication(credentialOf(params).application),
    }),
    route({
      method: 'DELETE',
      path: `${CREDENTIAL}/{credentialId}`,
      iam: ['account:apiovh:me/api/credential/delete'],
      handler({ params }) {
        keyring.removeConsumer(credentialOf(params))
        return null
      },
    }),
  ]
}

/** `api.Application`; the secret is shown where the application is made, and never here. */
function encodeApplication({ id, key }: Application): Record<string, unknown> {
  return {
    applicationId: id,
    applicationKey: key,
    name: 'okms-bot',
    description: 'The application the sandbox prints at start',
    status: 'active',
  }
}

/** `api.Credential`; also what a call signed with it is told of itself. */
export function encodeCredential(consumer: Consumer, status: string): Record<string, unknown> {
  return {
    credentialId: consumer.id,
    applicationId: consumer.application.id,
    rules: consumer.rules,
    status,
    allowedIPs: consumer.allowedIPs,
    creation: formatInstant({ ms: consumer.createdAt, micros: 0 }),
    expiration: whenever(consumer.expiresAt),
    lastUse: whenever(consumer.lastUseAt),
    ovhSupport: false,
  }
}

function whenever(ms: number | null): string | null {
  return ms === null ? null : formatInstant({ ms, micros: 0 })
}
