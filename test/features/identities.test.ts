/** Who a credential may speak for: identities that exist, completed, checked before anything is created, and explained when refused. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { completions } from '../../src/bot/complete.js'
import { loadDefinitions } from '../../src/bot/load.js'
import { silentLog } from '../../src/core/ports/log.js'
import { channel, person } from '../../src/platforms/console/adapter.js'
import { readPolicyFile } from '../../src/policy-file.js'
import { createInventory } from '../../src/store/inventory.js'
import { connectRedis } from '../../src/store/redis.js'
import { PROJECT, startTestBot, type TestBot } from '../fakes/test-bot.js'

const group = (name: string) => `urn:v1:eu:identity:group:ab12345-ovh/${name}`
const user = (name: string) => `urn:v1:eu:identity:user:ab12345-ovh/${name}`
const ELSEWHERE = 'urn:v1:eu:identity:group:zz99-ovh/readers'

let bot: TestBot
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'okms-identities-'))
  const policy = await readFile(join(PROJECT, 'demo/policy.yaml'), 'utf8')
  const robot = `urn:v1:eu:identity:credential:ab12345-ovh/oauth2-EU.gone`
  const more = `profiles:
  wide:
    use: [operator]
    okms: prod-kms
    identities: ["${group('reader')}"]
    identitiesAllowed: ["${user('reader1')}", "${user('raeder1')}", "${robot}", "${ELSEWHERE}"]
    maxValidity: 90d
    mayOverride: [identity, csr]
  typo: { use: [operator], okms: prod-kms, identities: ["${group('raeder')}"], maxValidity: 90d }
`
  await writeFile(join(dir, 'policy.yaml'), policy.replace('profiles:\n', more))
  bot = await startTestBot({ policyFile: join(dir, 'policy.yaml') })
})
afterEach(() => bot.sandbox.control({ deny: [] }))
afterAll(async () => {
  await bot.stop()
  await rm(dir, { recursive: true })
})

const issue = (rest: string) => bot.type(`ana: /okms credential ${rest}`, 'settle')

/** As a platform asks while somebody types: with the policy, and the names that passed by. */
async function complete(typed: string, name = 'ana') {
  const policy = await readPolicyFile(join(dir, 'policy.yaml'))
  if (policy === null || typeof policy === 'string') throw new Error(`no policy: ${policy}`)
  const redis = connectRedis(bot.redis.url, 'chat', silentLog)
  try {
    return await completions(
      { actor: person(name), conversation: channel('ops'), command: 'credential', option: 'identity', typed },
      {
        definitions: await loadDefinitions(PROJECT),
        policy: { current: async () => policy },
        inventory: createInventory(redis),
      },
    )
  } finally {
    redis.disconnect()
  }
}

describe('an identity that is asked for', () => {
  it('is refused with the reason when it is the root account', async () => {
    const said = await issue('wide 30d identity:urn:v1:eu:identity:account:ab12345-ovh')

    expect(said).toContain('is the root account, which passes every IAM check, so no credential may carry it')
    expect(said).toContain('Write a user, a group or a service account of it')
  })

  it("is explained when it is spelled as OVHcloud's old guide does", async () => {
    const said = await issue('wide 30d identity:urn:v1:labeu:identity:account:user:ab12345-ovh/reader1')

    expect(said).toContain('is no identity: "account:user" is one word too many')
    expect(said).toContain(`Write ${user('reader1')}.`)
    expect(await issue('wide 30d identity:urn:v1:labeu:identity:user:ab12345-ovh/reader1')).toContain(
      'belongs to an internal test platform of OVHcloud',
    )
  })

  it('is refused when the profile does not give it, or the account has none such', async () => {
    const before = bot.live().length

    expect(await issue(`wide 30d identity:${group('vcenter')}`)).toContain(
      `Profile wide does not allow the identity ${group('vcenter')}`,
    )
    const said = await issue(`wide 30d identity:${user('raeder1')}`)
    expect(said).toContain(`The account ab12345-ovh has no identity ${user('raeder1')}.`)
    expect(said).toContain(`Did you mean ${user('reader1')}?`)
    expect(await issue('typo 30d')).toContain(`Did you mean ${group('reader')}?`)
    expect(
      await issue('wide 30d identity:urn:v1:eu:identity:credential:ab12345-ovh/oauth2-EU.gone'),
    ).toContain('has no identity urn:v1:eu:identity:credential:ab12345-ovh/oauth2-EU.gone')
    expect(bot.live()).toHaveLength(before)
  })

  it('goes into the credential when it exists', async () => {
    await issue(`wide 30d identity:${user('reader1')}`)

    expect(bot.live().at(-1)?.identityURNs).toEqual([user('reader1')])
    expect(bot.screen.join('\n')).toContain('profile wide, 1 identity, ECDSA')
  })

  it('is said not to have been looked for where that cannot be', async () => {
    await issue(`wide 30d identity:${ELSEWHERE}`)
    expect(bot.screen.join('\n')).toContain(`1 identity (not looked for at OVHcloud: ${ELSEWHERE})`)

    await bot.sandbox.control({ deny: ['account:apiovh:me/identity/user/get'] })
    await issue(`wide 30d identity:${user('raeder1')}`)
    expect(bot.screen.join('\n')).toContain(`1 identity (not looked for at OVHcloud: ${user('raeder1')})`)
  })
})

describe('an identity that is being typed', () => {
  it('is completed to what the profiles of the person give and OVHcloud has, without a call', async () => {
    await bot.sandbox.control({ deny: [] })
    await issue('typo 30d')

    expect(await complete('')).toEqual([group('reader'), group('vcenter'), user('reader1'), ELSEWHERE].sort())
    expect(await complete('user')).toEqual([user('reader1')])
    expect(await complete('', 'dee')).toEqual([])
  })
})

describe('/okms doctor', () => {
  it('names the identities of profiles that do not exist, and those that cannot be looked for', async () => {
    const said = await bot.type('bo: /okms doctor', 'settle')

    expect(said).toContain(`❌ Profile typo: the account ab12345-ovh has no identity ${group('raeder')}`)
    expect(said).toContain(`Did you mean ${group('reader')}?`)
    expect(said).toMatch(/⚠ Identities that could not be looked for at OVHcloud: \S+zz99-ovh\/readers$/m)
  })

  it('warns, and does not fail, when the bot may not list groups', async () => {
    await bot.sandbox.control({ deny: ['account:apiovh:me/identity/group/get'] })

    const said = await bot.type('bo: /okms doctor', 'settle')

    expect(said).toMatch(/⚠ .*missing account:apiovh:me\/identity\/group\/get \(see that the groups/)
    expect(said).toMatch(/could not be looked for at OVHcloud: .*:group:ab12345-ovh\/raeder/)
    expect(said).not.toContain('has no identity urn:v1:eu:identity:group')
  })
})
