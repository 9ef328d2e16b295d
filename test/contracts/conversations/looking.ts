/** Conversations in which people look: lists, long lists, files to have again, answers that come late. */
import { expect } from 'vitest'
import { type Conversation, certifiedKey, fileNamed } from './scene.js'

export const list: Conversation = {
  name: 'list',
  promise: 'shows the OKMS to everybody in the channel, and leaves nothing else behind',
  async hold({ ana, bo, settles, listens }) {
    const heard = listens()

    await ana.says('/okms list')
    await settles()

    for (const person of [ana, bo]) {
      expect(heard.by(person)).toMatch(/2 OKMS[\s\S]*prod-kms[\s\S]*eu-west-rbx[\s\S]*lab-kms/)
      expect(heard.by(person).match(/2 OKMS/g)).toHaveLength(1)
    }
    expect(heard.by(ana)).toBe(heard.by(bo))
    return 'yes'
  },
}

export const fileOut: Conversation = {
  name: 'file out',
  promise: 'gives the certificate again as a file, to the asker alone',
  async hold({ bot, ana, bo, settles, listens, watchesFiles }) {
    const { id } = bot.live()[0]!
    const heard = listens()
    const anasFiles = await watchesFiles(ana)
    const bosFiles = await watchesFiles(bo)

    await ana.says(`/okms certificate ${id}`)
    await settles()

    expect(heard.by(ana)).toContain('Certificate of ')
    const [file, ...others] = await anasFiles()
    expect(file!.name).toMatch(/\.cert\.pem$/)
    expect(certifiedKey(fileNamed([file!], file!.name))).toContain('PUBLIC KEY')
    expect(others).toEqual([])
    expect(heard.by(bo)).toBe('')
    expect(await bosFiles()).toEqual([])
    if (ana.sees('dm').some(text => text.includes(file!.name))) return 'yes, in the direct messages'
    return ana.sees({ channel: 'ops' }).some(text => text.includes(file!.name))
      ? 'yes, with the answer'
      : 'yes, in the inbox'
  },
}

export const lateToken: Conversation = {
  name: 'late token',
  promise: 'answers in private when the platform takes no more answers to the command itself',
  async hold({ bot, side, ana, bo, settles, listens }) {
    if (side.answersLapse === null) return '– a terminal waits as long as it takes'
    const { id } = bot.live()[0]!
    await bot.sandbox.control({
      faults: [{ route: 'GET /v2/okms/resource', do: 'delay', ms: 1000, times: 1 }],
    })
    const heard = listens()

    await ana.says(`/okms certificate ${id}`)
    await side.answersLapse(bot)
    await settles()

    expect(heard.by(ana)).toContain('Certificate of ')
    expect(heard.by(bo)).toBe('')
    return ana.sees('dm').some(text => text.includes('Certificate of '))
      ? 'yes, by direct message'
      : 'yes, by an ephemeral message where it was asked'
  },
}

export const picture: Conversation = {
  name: 'picture',
  promise: 'draws what expires when, and says the same in words',
  async hold({ bot, ana, bo, settles, listens, watchesFiles }) {
    const heard = listens()
    const files = await watchesFiles(bo)

    await ana.says('/okms credentials')
    await settles()

    const png = (await files()).find(({ name }) => name === 'credentials.png')
    expect([...png!.bytes.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    expect(heard.by(bo)).toMatch(/days left/i)
    const described = /Timeline of what expires when, as of .*: (.*)\)/.exec(bo.sees().join('\n'))
    if (described === null) return 'yes, as a file beside the table'
    for (const { name } of bot.live()) expect(described[1]).toContain(name)
    return heard.by(ana).includes('credentials.png')
      ? 'yes, described for those who cannot see it'
      : 'yes, in the thread below, described for those who cannot see it'
  },
}

const SEEDED = 200

export const longTable: Conversation = {
  name: 'long table',
  promise: 'shows as many of 200 credentials as read well, and has all of them',
  async hold({ bot, ana, bo, settles, listens, watchesFiles }) {
    await bot.sandbox.control({ seed: { credentials: SEEDED } })
    const heard = listens()
    const files = await watchesFiles(bo)

    await ana.says('/okms credentials')
    await settles()

    const shown = heard.by(bo)
    // The bot may say before that it found credentials that it did not make.
    const all = Number(/^(\d+) credentials$/m.exec(shown)![1])
    expect(all).toBeGreaterThanOrEqual(SEEDED)
    const ids = bot.sandbox.credentials().map(({ id }) => id)
    const inText = ids.filter(id => shown.includes(id)).length
    const left = /… (\d+) more, all.* in credentials\.txt/.exec(shown)?.[1]
    if (left === undefined) {
      expect(inText).toBe(all)
      return 'yes, every row'
    }
    expect(inText).toBeGreaterThanOrEqual(10)
    expect(inText + Number(left)).toBe(all)
    const whole = fileNamed(await files(), 'credentials.txt')
    expect(ids.filter(id => whole.includes(id))).toHaveLength(all)
    return 'yes, shortened with the rest counted, all of it in credentials.txt'
  },
}
