/** Conversations about one's own credential: from ask to erased, and what may come in between. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { tracesOfKey } from '../../fakes/key-traces.js'
import { openssl } from '../../fakes/openssl.js'
import { type Conversation, certifiedKey, fileNamed, newRequest, runIn, spkiOf } from './scene.js'

export const credential: Conversation = {
  name: 'credential',
  promise:
    'brings key and certificate to the requester alone, once over the wire, and they are gone once saved',
  async hold({ bot, side, ana, bo, settles, listens, watchesFiles }) {
    const heard = listens()
    const anasFiles = await watchesFiles(ana)
    const bosFiles = await watchesFiles(bo)

    await ana.says('/okms credential reader 30d')
    await settles()
    const runId = runIn(heard.by(ana))
    expect(ana.sees('dm').join('\n')).toContain('🔒 Credential reader for prod-kms is ready.')
    expect(heard.by(bo)).toBe('')

    await ana.presses('Collect', runId)
    await settles()
    const files = await anasFiles()
    expect(files.map(({ name }) => name)).toEqual(['reader.key.pem', 'reader.cert.pem', 'ca.pem'])
    const key = fileNamed(files, 'reader.key.pem')
    expect(spkiOf(createPublicKey(createPrivateKey(key)))).toBe(
      certifiedKey(fileNamed(files, 'reader.cert.pem')),
    )
    expect(await bosFiles()).toEqual([])

    await ana.presses('Saved it', runId)
    await settles()
    expect(ana.sees('dm').join('\n')).toContain('Credential reader for prod-kms: collected, and erased here.')
    expect(heard.by(bo)).toMatch(/^@?ana holds a new credential reader for prod-kms, valid until .*\.$/)

    const traces = tracesOfKey(key)
    expect(traces.length).toBeGreaterThan(2)
    const holding = side.wire().filter(({ bytes }) => traces.some(trace => bytes.includes(trace)))
    expect(holding).toHaveLength(side.wire().length === 0 ? 0 : 1)
    expect(traces.filter(trace => bot.logLines.join('').includes(trace.toString('latin1')))).toEqual([])
    return (await anasFiles()).length === 0 ? 'yes' : 'yes; the files stay in the inbox, which is her own'
  },
}

export const refusal: Conversation = {
  name: 'refusal',
  promise: 'refuses who may not and what cannot be, to the asker alone, and does nothing',
  async hold({ bot, ana, bo, dee, settles, listens }) {
    const before = bot.sandbox.credentials().length
    const heard = listens()

    await dee.says('/okms credential reader 30d')
    await ana.says('/okms credential reader 400d')
    await settles()

    expect(heard.by(dee)).toMatch(
      /^You may not issue credentials here\.\nPeople who can: role operator \(ana, cy\)\.$/,
    )
    expect(heard.by(ana)).toMatch(/^400d is longer than OVHcloud allows \(365 days\)/)
    expect(heard.by(bo)).toBe('')
    expect(bot.sandbox.credentials()).toHaveLength(before)
    return 'yes'
  },
}

export const fileIn: Conversation = {
  name: 'file in',
  promise: 'issues a certificate for a signing request that is brought along',
  async hold({ bot, ana, settles, listens, watchesFiles }) {
    const csr = await newRequest()
    const heard = listens()
    const files = await watchesFiles(ana)

    await ana.brings('/okms credential vcenter 30d', 'csr', { name: 'vc.csr', bytes: Buffer.from(csr) })
    await settles()
    const runId = runIn(heard.by(ana))
    await ana.presses('Collect', runId)
    await settles()

    expect((await files()).map(({ name }) => name)).toEqual(['vcenter.cert.pem', 'ca.pem'])
    expect(certifiedKey(fileNamed(await files(), 'vcenter.cert.pem'))).toBe(await keyRequested(csr))
    await ana.presses('Saved it', runId)
    await settles()
    if (ana.pastes === null) return 'yes, brought as a file; no client takes pasted lines there'

    const live = bot.live().length
    await ana.pastes('/okms credential vcenter 30d', 'csr', await newRequest())
    await settles()
    expect(bot.live()).toHaveLength(live + 1)
    expect(bot.live().at(-1)!.fromCSR).toBe(true)
    return 'yes, brought as a file or pasted'
  },
}

export const keyIn: Conversation = {
  name: 'key in',
  promise: 'imports a private key that is brought along, and sends nothing of it to the platform',
  async hold({ bot, side, ana, bo, settles, listens }) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const heard = listens()

    await ana.brings('/okms key import legacy okms:prod-kms', 'file', {
      name: 'legacy.pem',
      bytes: Buffer.from(pem),
    })
    await settles()

    expect(heard.by(ana)).toMatch(/Service key legacy \(.*\) of prod-kms is ACTIVE: EC P-256, sign, verify\./)
    expect(heard.by(bo)).toBe('')
    const traces = tracesOfKey(pem)
    expect(side.wire().filter(({ bytes }) => traces.some(trace => bytes.includes(trace)))).toEqual([])
    expect(traces.filter(trace => bot.logLines.join('').includes(trace.toString('latin1')))).toEqual([])
    return 'yes'
  },
}

export const retry: Conversation = {
  name: 'retry without doubling',
  promise: 'says a thing once when the sender is killed between sending and noting it',
  async hold({ bot, ana, settles, listens }) {
    const heard = listens()

    await bot.senderDiesAfter('/card', () => ana.says('/okms credential reader 20d'))
    await settles()

    const runId = runIn(heard.by(ana))
    const cards = ana.sees('dm').filter(text => text.includes(`run ${runId}`))
    expect(cards).toEqual([expect.stringContaining('✅ Hand it over privately')])
    expect(cards[0]).not.toMatch(/repeat|seen this before/)
    return 'yes'
  },
}

export const closedDirectMessages: Conversation = {
  name: 'closed direct messages',
  promise: 'says it where it was asked, to the asker alone, without a secret',
  async hold({ bot, side, ana, bo, settles, listens, watchesFiles }) {
    if (side.directMessages === null) return '– a terminal has none to close'
    const live = bot.live().length
    const heard = listens()
    const files = await watchesFiles(ana)
    const before = side.wire().length

    side.directMessages.closes('ana')
    await ana.says('/okms credential reader 30d')
    await settles()
    const runId = runIn(heard.by(ana))
    expect(heard.by(ana)).toContain('🔒 Credential reader for prod-kms is ready.')
    expect(ana.sees('dm').join('\n')).not.toContain(runId)
    expect(heard.by(bo)).toBe('')
    expect(
      side
        .wire()
        .slice(before)
        .filter(({ bytes }) => bytes.includes('PRIVATE KEY')),
    ).toEqual([])

    await ana.presses('Collect', runId)
    await settles()
    const handedOver = (await files()).length > 0
    if (handedOver) await ana.presses('Saved it', runId)
    else {
      expect(heard.by(ana)).toContain('The files could not be handed over.')
      await ana.presses('Revoke now', runId)
    }
    await settles()
    side.directMessages.opens('ana')

    expect(await files()).toEqual([])
    expect(bot.live()).toHaveLength(handedOver ? live + 1 : live)
    return handedOver
      ? 'yes, and the files are handed over there too'
      : 'yes; no files then, they go into direct messages only: told so, and revoked on request'
  },
}

async function keyRequested(csr: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'okms-csr-'))
  const file = join(folder, 'a.csr')
  await writeFile(file, csr)
  return openssl('req', '-in', file, '-noout', '-pubkey').finally(() => rm(folder, { recursive: true }))
}
