/** `/v2/iam`: what may I do, and what is there (OVHcloud API v2 schema, `iam.*`). Policies are left out: the deny list stands for them. */
import { z } from 'zod'
import { pageInOrder } from '../paging.js'
import { notFound } from '../refusal.js'
import { type Route, route } from '../router.js'
import { okmsUrn, privateCloudUrn, type World } from '../world.js'

const actions = z.array(z.string().min(1)).min(1)

interface Resource {
  id: string
  urn: string
  name: string
  displayName: string
  type: 'okms' | 'pccVMware'
  owner: string
  tags: Record<string, string>
}

export function iamRoutes(world: World): Route[] {
  const sorted = (wanted: readonly string[]) => ({
    authorizedActions: wanted.filter(action => world.iam.allows(action)),
    unauthorizedActions: wanted.filter(action => !world.iam.allows(action)),
  })
  return [
    route({
      method: 'POST',
      path: '/v2/iam/authorization/check',
      access: 'own',
      body: z.strictObject({ actions, resourceURNs: z.array(z.string().min(1)).min(1) }),
      handler(call) {
        const known = checkable(world)
        return pageInOrder(call, 'iam authorization', call.body.resourceURNs, resourceURN => ({
          resourceURN,
          // Of a resource that is not the account's, nothing is allowed.
          ...(isWithin(resourceURN, known)
            ? sorted(call.body.actions)
            : { authorizedActions: [], unauthorizedActions: call.body.actions }),
        }))
      },
    }),
    route({
      method: 'POST',
      path: '/v2/iam/resource/{resourceURN}/authorization/check',
      access: 'own',
      body: z.strictObject({ actions }),
      handler({ params, body }) {
        const known = checkable(world)
        if (!isWithin(params.resourceURN!, known)) throw notFound('This resource does not exist')
        return sorted(body.actions)
      },
    }),
    route({
      method: 'GET',
      path: '/v2/iam/resource',
      handler(call) {
        const wants = (name: string, value: string) => {
          const wanted = call.query.getAll(name)
          return wanted.length === 0 || wanted.includes(value)
        }
        const found = resourcesOf(world).filter(
          ({ name, type, urn }) =>
            wants('resourceType', type) && wants('resourceName', name) && wants('resourceURN', urn),
        )
        return pageInOrder(call, 'iam resource', found)
      },
    }),
  ]
}

/** What rights can be asked about: the resources, and the account itself, on which orders are granted. */
function checkable(world: World): ReadonlySet<string> {
  const account = `urn:v1:eu:resource:account:${world.account.nichandle}`
  return new Set([account, ...resourcesOf(world).map(({ urn }) => urn)])
}

/** The resource itself, or something below it: a service key of an OKMS. */
function isWithin(urn: string, known: ReadonlySet<string>): boolean {
  return known.has(urn.split('/')[0]!)
}

function resourcesOf({ okms, privateClouds, account }: World): Resource[] {
  const owner = account.nichandle
  return [
    ...[...okms.values()].map(
      ({ id, iamId, displayName }): Resource => ({
        id: iamId,
        urn: okmsUrn(id),
        name: id,
        displayName,
        type: 'okms',
        owner,
        tags: {},
      }),
    ),
    ...privateClouds.list().map(
      ({ serviceName, iamId, description }): Resource => ({
        id: iamId,
        urn: privateCloudUrn(serviceName),
        name: serviceName,
        displayName: description,
        type: 'pccVMware',
        owner,
        tags: {},
      }),
    ),
  ]
}
