import { expect, it } from 'vitest'
import { routeOf } from '../../../src/ovh/route.js'

it.each([
  ['/v2/okms/resource', '/v2/okms/resource'],
  [
    '/v2/okms/resource/6a5c2d1e-0000-4000-8000-000000000001/credential?x=1',
    '/v2/okms/resource/{id}/credential',
  ],
  ['/v2/okms/resource/a/credential/b', '/v2/okms/resource/{id}/credential/{id}'],
  ['/v1/dedicatedCloud/pcc-192-0-2-10/vmEncryption/kms/7', '/v1/dedicatedCloud/{id}/vmEncryption/kms/{id}'],
  [
    '/v2/iam/resource/urn%3Av1%3Aeu%3Aresource%3Aokms%3Ax/authorization/check',
    '/v2/iam/resource/{id}/authorization/check',
  ],
  ['/v1/me/identity/user/ana', '/v1/me/identity/user/{id}'],
])('tells %s as %s', (path, route) => {
  expect(routeOf('GET', path)).toBe(`GET ${route}`)
})
