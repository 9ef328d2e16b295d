/** The identities of the account, against the sandbox: as URNs, without what cannot be read, and by the rights that are named for it. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createAccount } from '../../../src/ovh/account.js'
import type { OvhClient } from '../../../src/ovh/client.js'
import { createIdentities } from '../../../src/ovh/identities.js'
import { RIGHTS } from '../../../src/ovh/rights.js'
import { type Sandbox, startSandbox } from '../../../src/sandbox/sandbox.js'
import { sandboxClient } from './sandbox-client.js'

let sandbox: Sandbox
let client: OvhClient
beforeAll(async () => {
  sandbox = await startSandbox()
  client = sandboxClient(sandbox)
})
beforeEach(() => sandbox.control({ deny: [], faults: [] }))
afterAll(async () => {
  await client.close()
  await sandbox.close()
})

const read = () => createIdentities(client, createAccount(client)).read()
const kindsOf = (urns: readonly string[]) => new Set(urns.map(urn => urn.split(':')[4]))

it('tells users, groups and service accounts as URNs', async () => {
  const { account, urns, unread } = await read()

  expect({ account, unread }).toEqual({ account: 'ab12345-ovh', unread: [] })
  expect(urns).toContain('urn:v1:eu:identity:user:ab12345-ovh/reader1')
  expect(urns).toContain('urn:v1:eu:identity:group:ab12345-ovh/vcenter')
  expect(urns).toContain(`urn:v1:eu:identity:credential:ab12345-ovh/oauth2-${sandbox.info.clientId}`)
})

it('goes without a kind whose list is refused, each by the right that is named for it', async () => {
  const rights = RIGHTS.filter(right => 'only' in right && right.only === 'checking identities')
  const lacking = new Map<string, readonly string[]>()
  for (const { action } of rights) {
    await sandbox.control({ deny: [action] })
    const { urns, unread } = await read()
    lacking.set(action, unread)
    expect(kindsOf(urns).size).toBe(2)
  }

  expect(Object.fromEntries(lacking)).toEqual({
    'account:apiovh:me/identity/user/get': ['user'],
    'account:apiovh:me/identity/group/get': ['group'],
    'account:apiovh:me/api/oauth2/client/get': ['credential'],
  })
})

it('fails when nobody says whose account it is', async () => {
  await sandbox.control({ faults: [{ route: 'GET /v1/auth/details', do: 'status', status: 404, times: 1 }] })

  await expect(read()).rejects.toMatchObject({ code: 'ovh.not-found' })
})
