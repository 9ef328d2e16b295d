/** `/v1/me`: the account, its local users and groups, its service accounts (OVHcloud API v1 schema, `nichandle.*`, `oauth2.*`). */
import { z } from 'zod'
import { formatInstant } from '../instants.js'
import type { ServiceAccount } from '../keyring.js'
import { notFound } from '../refusal.js'
import { type Route, route } from '../router.js'
import type { World } from '../world.js'

/** `oauth2.clientRequest` */
const clientRequest = z.strictObject({
  name: z.string().min(1),
  description: z.string(),
  flow: z.enum(['AUTHORIZATION_CODE', 'CLIENT_CREDENTIALS']),
  callbackUrls: z.array(z.url()).optional(),
})

const CLIENTS = '/v1/me/api/oauth2/client'

export function meRoutes(world: World): Route[] {
  const { account, keyring } = world
  const clientOf = (clientId: string): ServiceAccount => {
    const client = keyring.serviceAccountOf(clientId)
    if (client === null) throw notFound('This client does not exist')
    return client
  }
  return [
    route({
      method: 'GET',
      path: '/v1/me',
      iam: ['account:apiovh:me/get'],
      handler: () => ({
        nichandle: account.nichandle,
        ovhSubsidiary: account.subsidiary,
        ovhCompany: 'ovh',
        country: 'FR',
        currency: { code: 'EUR', symbol: 'EUR' },
        customerCode: '0000-0000-00',
        email: 'ops@example.org',
        firstname: 'Ana',
        name: 'Example',
        language: 'en_GB',
        legalform: 'corporation',
        organisation: 'Example',
        state: 'complete',
        kycValidated: true,
      }),
    }),
    route({
      method: 'GET',
      path: '/v1/me/identity/user',
      iam: ['account:apiovh:me/identity/user/get'],
      handler: () => account.users,
    }),
    route({
      method: 'GET',
      path: '/v1/me/identity/group',
      iam: ['account:apiovh:me/identity/group/get'],
      handler: () => account.groups,
    }),
    route({
      method: 'GET',
      path: CLIENTS,
      iam: ['account:apiovh:me/api/oauth2/client/get'],
      handler: () => keyring.serviceAccounts().map(client => client.clientId),
    }),
    // A real one is refused everywhere until an IAM policy names it. There are no policies here, so it may do all.
    route({
      method: 'POST',
      path: CLIENTS,
      iam: ['account:apiovh:me/api/oauth2/client/create'],
      body: clientRequest,
      handler({ body }) {
        const client = keyring.addServiceAccount({ ...body, callbackUrls: body.callbackUrls ?? [] })
        return { clientId: client.clientId, clientSecret: client.secret.reveal() }
      },
    }),
    route({
      method: 'GET',
      path: `${CLIENTS}/{clientId}`,
      iam: ['account:apiovh:me/api/oauth2/client/get'],
      handler({ params }) {
        const client = clientOf(params.clientId!)
        return {
          clientId: client.clientId,
          name: client.name,
          description: client.description,
          flow: client.flow,
          callbackUrls: client.callbackUrls,
          identity: `urn:v1:eu:identity:credential:${account.nichandle}/oauth2-${client.clientId}`,
          createdAt: formatInstant({ ms: client.createdAt, micros: 0 }),
        }
      },
    }),
    route({
      method: 'DELETE',
      path: `${CLIENTS}/{clientId}`,
      iam: ['account:apiovh:me/api/oauth2/client/delete'],
      handler({ params }) {
        keyring.removeServiceAccount(clientOf(params.clientId!).clientId)
        return null
      },
    }),
  ]
}
