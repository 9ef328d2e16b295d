/** Our replies as Block Kit: readable, within every limit, and with nobody's text as markup. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reply } from '../../../../src/core/reply.js'
import { code, instant, mention, say, type Text } from '../../../../src/core/text.js'
import { encodeReply } from '../../../../src/platforms/slack/replies.js'
import { checkBlocks, checkText } from '../../../fakes/slack/block-kit.js'
import { shownText } from '../../../fakes/slack/seen.js'
import { World } from '../../../fakes/slack/world.js'

const ana = { platform: 'slack' as const, id: 'U00ANA', name: 'ana' }
const at = '2026-12-23T15:42:00.000Z'

/** What a client shows, with files named below; fails when Slack would refuse it. */
function shown(reply: Reply): string {
  const { text, blocks, files } = encodeReply(reply)
  checkText(text)
  checkBlocks(blocks)
  expect(text.length).toBeLessThanOrEqual(4000)
  const message = {
    channel: 'C',
    ts: '1',
    threadTs: null,
    by: 'U',
    text,
    files: [],
    metadata: null,
    only: null,
  }
  const world = new World({ now: () => 0 })
  world.addUser('ana')
  const lines = shownText({ ...message, blocks: blocks as unknown as Record<string, unknown>[] }, world)
  return [
    lines,
    ...files.map(file => `(file ${file.name}, ${file.bytes.toString().trim().split('\n').length} lines)`),
  ].join('\n')
}

const TABLE: Reply = {
  kind: 'table',
  title: '200 credentials',
  columns: [
    { header: 'NAME' },
    { header: 'DAYS LEFT', align: 'right' },
    { header: 'OWNER' },
    { header: 'ID' },
  ],
  rows: Array.from({ length: 200 }, (_, i) => [
    `reader-${i}`,
    String(i),
    i % 2 ? 'ana' : '',
    `0d1787b3-7751-484c-80e0-${i}`,
  ]),
  after: [say`${code('/okms show prod-kms')} for its addresses`],
  fileName: 'credentials.txt',
}

const CARD: Reply = {
  kind: 'card',
  title: say`Credential reader for prod-kms · run ${code('7F3K9Q2M')} · asked by ${mention(ana)}`,
  fields: [
    { label: 'Why', value: 'encrypt *the* <!channel> & finance VMs' },
    { label: 'Thumbprint', value: say`${code('FE:21:E2')} SHA-1 · valid until ${instant(at, 'day')}` },
  ],
  steps: [
    { mark: 'done', title: 'Prepare the request', note: 'profile reader' },
    { mark: 'failed', title: 'Ask OVHcloud', note: say`refused: ${code('okms:apiovh:x')}` },
    { mark: 'waiting', title: 'Wait for the certificate' },
  ],
  ending: ['Nothing was created.', say`Then: ${code('/okms jobs retry 7F3K9Q2M')}`],
  buttons: [
    { press: 'approve', label: 'Approve', subject: '7F3K9Q2M', style: 'primary' },
    { press: 'deny', label: 'Deny…', subject: '7F3K9Q2M' },
  ],
}

const OFFER: Reply = {
  kind: 'text',
  mark: 'private',
  lines: ['Credential reader is ready.', say`Collect it by ${instant(at)} (60 min).`],
  buttons: [{ press: 'collect', label: 'Collect', subject: '7F3K9Q2M', style: 'primary' }],
}

const FIELDS: Reply = {
  kind: 'fields',
  title: 'prod-kms in eu-west-rbx, OK',
  fields: [
    { label: 'Id', value: [code('e90c5841-f39e-4983-8596-62ff0c538b6b')] },
    { label: 'Service keys', value: '12' },
    { label: 'Empty', value: '' },
  ],
  after: ['A Private Cloud takes the SHA-1 thumbprint.'],
  files: [{ name: 'reader.cert.pem', text: '-----BEGIN' }],
}

it('reads like this', async () => {
  const all = { text: OFFER, fields: FIELDS, card: CARD, table: TABLE }
  const text = Object.entries(all).map(([name, reply]) => `# ${name}\n${shown(reply)}\n`)

  await expect(text.join('\n')).toMatchFileSnapshot('./replies.shown.txt')
})

it('carries the kind of a button and what it is about', () => {
  const { blocks } = encodeReply(CARD)

  expect(blocks.at(-1)).toMatchObject({
    type: 'actions',
    elements: [
      { action_id: 'press/approve', value: '7F3K9Q2M', style: 'primary' },
      { action_id: 'press/deny', value: '7F3K9Q2M' },
    ],
  })
})

it('mentions people and shows instants in the zone of the reader', () => {
  const markup = JSON.stringify(encodeReply(CARD).blocks)

  expect(markup).toContain('<@U00ANA>')
  expect(markup).toContain(`<!date^${Date.parse(at) / 1000}^{date_short}|23 Dec 2026>`)
  expect(JSON.stringify(encodeReply(OFFER).blocks)).toContain('^{date_short} {time}|23 Dec 2026 15:42 UTC>')
})

it('never makes markup of what people wrote', () => {
  const evil = '<!channel> <@U00ANA> *x* `y` & <https://evil.example|prod-kms>'
  const { text, blocks } = encodeReply({
    kind: 'card',
    title: say`${evil} · ${code(evil)}`,
    fields: [{ label: 'Why', value: evil }],
    steps: [{ mark: 'done', title: evil, note: evil }],
    ending: [evil],
  })

  expect(text).not.toMatch(/<[!@h]/)
  const objects = JSON.stringify(blocks).match(/\{"type":"mrkdwn"[^}]*\}/g)!
  expect(objects.filter(one => /<[!@h]/.test(one))).toEqual([])
  expect(blocks).toContainEqual({ type: 'section', text: { type: 'plain_text', text: evil, emoji: false } })
})

describe('what is too much', () => {
  it('is shortened visibly in a line, a label, a title', () => {
    const long = 'x'.repeat(5000)
    const seen = shown({
      kind: 'card',
      title: long,
      steps: [{ mark: 'done', title: long, note: [code(long)] }],
      buttons: [{ press: 'a', label: long.slice(0, 200), subject: 's' }],
    })

    expect(seen.match(/… \d+ more characters/g)!.length).toBeGreaterThanOrEqual(3)
  })

  it('goes into a file when there are more parts than a message holds', () => {
    const seen = shown({
      ...CARD,
      fields: Array.from({ length: 300 }, (_, i) => ({ label: `L${i}`, value: `v${i}` })),
    } as Reply)

    expect(seen).toMatch(/… \d+ more parts, all of it in all\.txt/)
    expect(seen).toContain('(file all.txt')
    expect(seen).toContain('[Approve]  [Deny…]')
  })

  it('takes several rows of buttons', () => {
    const buttons = Array.from({ length: 60 }, (_, i) => ({
      press: 'renew',
      label: `R${i}`,
      subject: `s${i}`,
    }))

    expect(
      encodeReply({ kind: 'text', lines: ['x'], buttons }).blocks.filter(({ type }) => type === 'actions'),
    ).toHaveLength(3)
    shown({ kind: 'text', lines: ['x'], buttons })
  })

  it('is a wide table with long cells too', () => {
    const columns = Array.from({ length: 30 }, (_, i) => ({ header: `C${i}` }))
    const rows = Array.from({ length: 100 }, () => columns.map(() => 'y'.repeat(400)))

    expect(shown({ kind: 'table', title: 't', columns, rows, fileName: 't.txt' })).toContain(
      '(file t.txt, 101 lines)',
    )
  })
})

it('keeps to every limit, whatever is said', () => {
  const text: fc.Arbitrary<Text> = fc.oneof(
    fc.string({ maxLength: 4000, unit: 'grapheme' }),
    fc.array(
      fc.oneof(
        fc.string({ maxLength: 2000 }),
        fc.constant(mention(ana)),
        fc.constant(instant(at)),
        fc.string({ maxLength: 2000 }).map(code),
      ),
      { maxLength: 5 },
    ),
  )
  const buttons = fc.array(
    fc.record({
      press: fc.constantFrom('a', 'b'),
      label: fc.string({ minLength: 1, maxLength: 100 }).filter(one => one.trim() !== ''),
      subject: fc.string({ maxLength: 40 }),
    }),
    { maxLength: 30 },
  )
  const reply: fc.Arbitrary<Reply> = fc.oneof(
    fc.record({
      kind: fc.constant('text' as const),
      lines: fc.array(text, { minLength: 1, maxLength: 60 }),
      mark: fc.constant('done' as const),
      buttons,
    }),
    fc.record({
      kind: fc.constant('card' as const),
      title: text,
      fields: fc.array(fc.record({ label: fc.string({ maxLength: 40 }), value: text }), { maxLength: 40 }),
      steps: fc.array(
        fc.record({ mark: fc.constant('failed' as const), title: fc.string({ maxLength: 80 }), note: text }),
        { maxLength: 30 },
      ),
      buttons,
    }),
  )

  fc.assert(
    fc.property(reply, one => void shown(one)),
    { numRuns: 60 },
  )
})
