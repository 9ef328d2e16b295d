import { describe, expect, it } from 'vitest'
import { normalizeRegion, oldRegionName } from '../../../src/core/region.js'
import { apiAddress } from '../../../src/ovh/endpoint.js'

describe('the address of the API', () => {
  // ovh/go-ovh: ovh/ovh.go
  it.each([
    ['ovh-eu', 'https://eu.api.ovh.com', 'https://www.ovh.com/auth/oauth2/token'],
    ['ovh-ca', 'https://ca.api.ovh.com', 'https://ca.ovh.com/auth/oauth2/token'],
    ['ovh-us', 'https://api.us.ovhcloud.com', 'https://us.ovhcloud.com/auth/oauth2/token'],
  ])('of %s', (name, origin, tokenUrl) => {
    expect(apiAddress(name)).toEqual({ origin, tokenUrl })
  })

  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['https://127.0.0.1:8443/', 'https://127.0.0.1:8443'],
    ['https://eu.api.ovh.com/1.0', 'https://eu.api.ovh.com'],
    ['https://eu.api.ovh.com:443/v1/', 'https://eu.api.ovh.com'],
  ])('of the base URL %s leaves the version to each path', (base, origin) => {
    expect(apiAddress(base)).toEqual({ origin, tokenUrl: null })
  })

  it.each([
    '',
    'ovh-mars',
    'kimsufi-eu',
    'ftp://x.example.org',
    'https://x.example.org/api',
    'https://a:b@x.example.org',
    'constructor',
  ])('refuses %j with the choices', endpoint => {
    expect(() => apiAddress(endpoint)).toThrow(
      expect.objectContaining({ code: 'input.invalid', hint: expect.stringContaining('ovh-eu') }),
    )
  })
})

describe('a region', () => {
  it('is known by its old spelling too', () => {
    expect(normalizeRegion('EU_WEST_RBX')).toBe('eu-west-rbx')
    expect(normalizeRegion(' eu-west-sbg ')).toBe('eu-west-sbg')
    expect(oldRegionName('eu-west-rbx')).toBe('EU_WEST_RBX')
  })
})
