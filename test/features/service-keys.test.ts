/** Service keys: shown, made, brought, renamed, taken out of use and back, deleted; approved where the policy asks. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../src/core/ports/log.js'
import { keys as names } from '../../src/store/keys.js'
import { connectRedis } from '../../src/store/redis.js'
import { openssl } from '../fakes/openssl.js'
import { lastRunId, PROJECT, startTestBot, type TestBot } from '../fakes/test-bot.js'

const PUT = 'PUT /v2/okms/resource/{okmsId}/serviceKey/{keyId}'
const POST = 'POST /v2/okms/resource/{okmsId}/serviceKey'

let bot: TestBot
const keys = async () => {
  const said = await bot.type('ana: /okms key list')
  return [...said.matchAll(/^\[#ops\]\s+(\S+)\s+(prod-kms|lab-kms)\s+(\S+)\s+(.*?)\s{2,}/gm)].map(
    ([, name, okms, state, kind]) => [name, okms, state, kind].join(' '),
  )
}
const ask = (line: string) => bot.type(line, 'settle')

/** What lies in the vault. */
async function sealed(): Promise<string[]> {
  const redis = connectRedis(bot.redis.url, 'worker', silentLog)
  const found = await redis.keys(names.vault('*'))
  redis.disconnect()
  return found
}

describe('where nothing has to be approved', () => {
  beforeEach(async () => {
    bot = await startTestBot()
    return () => bot.stop()
  })

  it('shows the public part as openssl reads it and as a JSON Web Key, and none of a symmetric key', async () => {
    await bot.type('ana: /okms key show signing')
    expect(
      await openssl('pkey', '-pubin', '-noout', '-text', '-in', bot.inbox.path('ana', 'signing.pub.pem')),
    ).toContain('prime256v1')
    await bot.type('ana: /okms key show signing jwk')
    const jwk = JSON.parse((await bot.inbox.read('ana', 'signing.pub.jwk.json')).toString())
    expect(createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyDetails).toEqual({
      namedCurve: 'prime256v1',
    })

    const before = await bot.inbox.files('ana')
    expect(await bot.type('ana: /okms key show backup')).toMatch(/Kind\s+oct 256/)
    expect(await bot.inbox.files('ana')).toEqual(before)
  })

  it('makes a key of every kind the region offers, with every pair of operations', async () => {
    const types = await bot.type('ana: /okms key types eu-west-rbx')
    const offered = [...types.matchAll(/^\[#ops\]\s+(oct|RSA|EC)\s+(.*?)\s{2,}(.*)$/gm)].flatMap(
      ([, type, sizes, pairs]) =>
        sizes!
          .split(' or ')
          .flatMap(size =>
            pairs!.split(' or ').map(pair => [type!, size, pair].map(part => part.replace('*', ''))),
          ),
    )
    expect(offered).toHaveLength(3 * 2 + 3 * 2 + 3)

    for (const [i, [type, size, pair]] of offered.entries()) {
      const said = await ask(`ana: /okms key create made-${i} ${type} ${size} ${pair} prod-kms`)
      expect(said).toContain(`is ACTIVE: ${type} ${size}, ${pair!.replace(',', ', ')}.`)
    }
    expect((await keys()).filter(key => key.startsWith('made-'))).toHaveLength(offered.length)
  })

  it('takes the usual size and operations where nothing is said', async () => {
    expect(await ask('ana: /okms key create plain oct okms:prod-kms')).toContain(
      'ACTIVE: oct 256, encrypt, decrypt.',
    )
    expect(await ask('ana: /okms key create plain2 EC okms:lab-kms')).toContain(
      'ACTIVE: EC P-256, sign, verify.',
    )
  })

  it.each([
    ['create signing EC P-256 okms:prod-kms', 'prod-kms has a service key signing already, EC P-256.'],
    ['create new EC P-256', 'There are 2 OKMS: prod-kms, lab-kms.'],
    ['create new DSA', '"DSA" is not a value of type.'],
    ['create new EC 256 okms:prod-kms', 'A service key of type EC cannot have size 256.'],
    ['create new oct 257 okms:prod-kms', 'In eu-west-rbx it is 128, 192, 256.'],
    ['create new EC P-256 encrypt,decrypt prod-kms', 'In eu-west-rbx it is for sign,verify.'],
    ['create clé EC P-256 okms:prod-kms', '"clé" cannot be the name of a service key.'],
    ['create new EC P-256 okms:nix', 'There is no OKMS "nix".'],
    ['rename signing backup', 'prod-kms has a service key backup already, oct 256.'],
    ['rename signing signing', 'The service key is called signing already.'],
    ['rename nix new', 'There is no service key "nix".'],
    ['activate signing', 'signing is active already.'],
    ['deactivate signing', '/okms key deactivate needs a reason.'],
    ['deactivate signing BORED', '"BORED" is not a value of reason.'],
    ['delete signing', 'signing is active, and OVHcloud deletes no active key.'],
    ['show nix', 'There is no service key "nix".'],
    ['show signing der', '"der" is not a value of format.'],
    ['list nix', 'There is no OKMS "nix".'],
    ['types nowhere', 'There is no region "nowhere".'],
    ['import new ./nowhere.pem', 'There is no readable file "./nowhere.pem".'],
  ])('refuses /okms key %s', async (line, sentence) => {
    const before = await keys()

    expect(await ask(`ana: /okms key ${line}`)).toContain(sentence)
    expect(await keys()).toEqual(before)
  })

  it('is for those who may', async () => {
    for (const line of [
      'create new EC',
      'rename signing new',
      'deactivate signing SUPERSEDED',
      'delete signing',
    ]) {
      expect(await ask(`bo: /okms key ${line}`)).toContain('You may not manage service keys here.')
    }
  })

  it('goes from active to deactivated and back, and is deleted after a word', async () => {
    await ask('ana: /okms key deactivate signing KEY_COMPROMISE')
    expect(await keys()).toContain('signing prod-kms DEACTIVATED EC P-256')
    expect(await ask('ana: /okms key deactivate signing SUPERSEDED')).toContain(
      'signing is not active: it is DEACTIVATED.',
    )
    await ask('ana: /okms key activate signing')
    expect(await keys()).toContain('signing prod-kms ACTIVE EC P-256')

    await ask('ana: /okms key deactivate signing UNSPECIFIED')
    await ask('ana: /okms key delete signing')
    expect(await bot.type('bo: press Delete it')).toContain('You may not manage service keys here.')
    expect(await bot.type('cy: press Delete it')).toContain('Only the one who asked for it can say so.')
    expect(await ask('ana: press Keep it')).toContain('signing is kept.')
    expect(await keys()).toContain('signing prod-kms DEACTIVATED EC P-256')

    await ask('ana: /okms key delete signing')
    expect(await bot.type('advance 16m')).toContain('signing is kept.')
    await ask('ana: /okms key delete signing')
    expect(await ask('ana: press Delete it')).toMatch(/Service key signing \(.*\) of prod-kms is deleted\./)
    expect((await keys()).join()).not.toContain('signing')
  })

  it('keeps a key that was activated again before the word', async () => {
    await ask('ana: /okms key deactivate signing UNSPECIFIED')
    await ask('ana: /okms key delete signing')
    await ask('cy: /okms key activate signing')

    expect(await ask('ana: press Delete it')).toContain('signing was activated in the meantime, and stays')
    expect(await keys()).toContain('signing prod-kms ACTIVE EC P-256')
  })

  it.each([
    ['create new EC P-256 okms:prod-kms', POST, 'new prod-kms ACTIVE EC P-256'],
    ['rename signing new', PUT, 'new prod-kms ACTIVE EC P-256'],
    ['deactivate signing SUPERSEDED', PUT, 'signing prod-kms DEACTIVATED EC P-256'],
  ])('does it once when the answer to %s is lost', async (line, route, then) => {
    const before = await keys()
    await bot.sandbox.control({ faults: [{ route, do: 'cut-after', times: 1 }] })

    await ask(`ana: /okms key ${line}`)

    const after = await keys()
    expect(after.filter(key => key === then)).toHaveLength(1)
    expect(after.length - before.length).toBe(line.startsWith('create') ? 1 : 0)
  })

  it("says what OVHcloud's IAM lacks", async () => {
    await bot.sandbox.control({ deny: ['okms:apiovh:serviceKey/create'] })

    expect(await ask('ana: /okms key create new EC P-256 okms:prod-kms')).toContain(
      'okms:apiovh:serviceKey/create',
    )
  })
})

describe('a key that somebody brings', () => {
  beforeEach(async () => {
    bot = await startTestBot()
    return () => bot.stop()
  })

  const own = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const brought = async (contents: string, name = 'brought.txt') => {
    const path = join(bot.home, name)
    await writeFile(path, contents)
    return path
  }
  const pem = own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

  it.each([
    ['as PEM', pem, 'RSA 2048, sign, verify'],
    [
      'as an older PEM',
      own.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
      'RSA 2048, sign, verify',
    ],
    [
      'as a JSON Web Key with operations of its own',
      JSON.stringify({ ...own.privateKey.export({ format: 'jwk' }), key_ops: ['wrapKey', 'unwrapKey'] }),
      'RSA 2048, wrapKey, unwrapKey',
    ],
    [
      'that is symmetric',
      JSON.stringify({ kty: 'oct', k: Buffer.alloc(24, 7).toString('base64url') }),
      'oct 192, encrypt, decrypt',
    ],
  ])('is imported %s', async (_, contents, kind) => {
    const said = await ask(`ana: /okms key import legacy ${await brought(contents)} prod-kms`)

    expect(said).toMatch(new RegExp(`Service key legacy \\(.*\\) of prod-kms is ACTIVE: ${kind}\\.`))
    expect(said).not.toMatch(/\[#ops\] (?!.*\/okms key import)/)
    if (kind.startsWith('oct')) return
    await bot.type('ana: /okms key show legacy')
    expect(createPublicKey(await bot.inbox.read('ana', 'legacy.pub.pem')).equals(own.publicKey)).toBe(true)
  })

  it('may be pasted in a direct message, and not where others read', async () => {
    const pasted = `"${pem.trim().replaceAll('\n', '\\n')}"`

    expect(await ask(`ana: /okms key import legacy ${pasted} prod-kms`)).toContain(
      'A secret does not belong in a channel. The bot did not keep it.',
    )
    expect((await keys()).join()).not.toContain('legacy')
    expect(await ask(`ana dm: /okms key import legacy ${pasted} prod-kms`)).toContain(
      'of prod-kms is ACTIVE: RSA 2048',
    )
  })

  it.each([
    ['a key that is there by name', 'signing', () => pem, 'prod-kms has a service key signing already'],
    [
      'a public key',
      'new',
      () => own.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'holds no private key',
    ],
    ['a text', 'new', () => 'hello', 'neither a private key in PEM nor a JSON Web Key'],
    [
      'a kind that the region does not take',
      'new',
      () =>
        generateKeyPairSync('rsa', { modulusLength: 1024 })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      'The key is RSA 1024, which is not taken in eu-west-rbx.',
    ],
  ])('is refused when it is %s', async (_, name, contents, sentence) => {
    const before = await keys()

    expect(await ask(`ana: /okms key import ${name} ${await brought(contents())} prod-kms`)).toContain(
      sentence,
    )
    expect(await keys()).toEqual(before)
    expect(await sealed()).toEqual([])
  })

  it('is imported once when the answer is lost, and forgotten when it is refused', async () => {
    await bot.sandbox.control({ faults: [{ route: POST, do: 'cut-after', times: 1 }] })
    await ask(`ana: /okms key import legacy ${await brought(pem)} prod-kms`)
    expect((await keys()).filter(key => key.startsWith('legacy '))).toHaveLength(1)

    await bot.sandbox.control({ deny: ['okms:apiovh:serviceKey/create'] })
    const said = await ask(`ana: /okms key import other ${await brought(pem)} prod-kms`)
    expect(said).toContain('The bot has erased its copy of the key. Send it again to try again.')
    expect(await sealed()).toEqual([])
  })
})

describe('where the policy asks for approval', () => {
  let policyFile: string
  beforeAll(async () => {
    const text = await readFile(join(PROJECT, 'demo/policy.yaml'), 'utf8')
    policyFile = join(tmpdir(), `okms-keys-policy-${process.pid}.yaml`)
    await writeFile(
      policyFile,
      text.replace(
        'cloud:detach, order:place]\n    need',
        'cloud:detach, order:place, key:manage]\n    need',
      ),
    )
  })
  beforeEach(async () => {
    bot = await startTestBot({ policyFile })
    return () => bot.stop()
  })
  afterAll(() => rm(policyFile))

  it('does nothing before somebody else approved', async () => {
    const runId = lastRunId(await ask('ana: /okms key create new EC P-256 okms:prod-kms'))
    expect(bot.transcript()).toMatch(/Key\s+new in prod-kms: EC P-256, sign, verify/)
    expect(await bot.type(`ana: press Approve ${runId}`)).toContain('somebody else decides it')
    expect((await keys()).join()).not.toContain('new ')

    expect(await ask(`bo: press Approve ${runId}`)).toContain('of prod-kms is ACTIVE: EC P-256')
  })

  it('is not made twice when a run in doubt is tried again', async () => {
    const runId = lastRunId(await ask('ana: /okms key create new EC P-256 okms:prod-kms'))
    await bot.sandbox.control({ faults: [{ route: POST, do: 'cut-after', times: 1 }] })
    const pressed = bot.type(`bo: press Approve ${runId}`)
    await expect.poll(() => bot.logLines.some(line => line.includes('step failed'))).toBe(true)
    // The look before the second try is refused: nobody knows whether there is a key.
    await bot.sandbox.control({ faults: [{ route: POST.replace('POST', 'GET'), do: 'status', status: 403 }] })
    await pressed
    expect(await bot.type('settle')).toContain(`/okms jobs retry ${runId}`)
    await bot.sandbox.control({ faults: [] })

    const again = lastRunId(await ask(`bo: /okms jobs retry ${runId}`))
    const said = await ask(`bo: press Approve ${again}`)

    expect(said).toContain('prod-kms has a service key new already, EC P-256')
    expect((await keys()).filter(key => key.startsWith('new '))).toHaveLength(1)
  })

  it('keeps a brought key sealed meanwhile, and erases it when it is denied', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' })
    const path = join(bot.home, 'mine.pem')
    await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }))
    const importing = async (name: string) =>
      lastRunId(await ask(`ana: /okms key import ${name} ${path} prod-kms`))
    const denied = await importing('denied')
    expect(await sealed()).toHaveLength(1)

    await bot.type(`bo: press Deny… ${denied}`, 'bo: fill reason:"not this one"', 'settle')
    expect(await sealed()).toEqual([])
    expect(bot.transcript()).toContain('Nothing was imported, and the bot has erased its copy.')

    const approved = await importing('approved')
    expect(await ask(`bo: press Approve ${approved}`)).toContain('is ACTIVE: EC P-384, sign, verify.')
    expect(await sealed()).toEqual([])
  })
})
