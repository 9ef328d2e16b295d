/** Our replies as Discord's messages: how they read, and that nothing passes a limit, whatever is said. */
import { ComponentType } from 'discord.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reply } from '../../../../src/core/reply.js'
import { code, instant, mention, say } from '../../../../src/core/text.js'
import { encodeText, escapeMarkdown } from '../../../../src/platforms/discord/markup.js'
import { encodeReply } from '../../../../src/platforms/discord/replies.js'
import {
  COMPONENTS_V2,
  type Component,
  checkMessage,
  checkShape,
  flatten,
} from '../../../fakes/discord/rules.js'
import { renderMarkdown } from '../../../fakes/discord/text.js'

const ANA = { platform: 'discord', id: '900000000000000001', name: 'ana' } as const

function checked(reply: Reply) {
  const encoded = encodeReply(reply, { id: 4711 })
  const body = {
    components: encoded.components as Component[],
    flags: COMPONENTS_V2,
    attachments: encoded.files.map(({ name }, i) => ({ id: String(i), filename: name })),
  }
  checkShape('createMessage', body)
  checkMessage(body, new Map(encoded.files.map(({ name }, i) => [i, name])))
  const texts = flatten(body.components).filter(({ type }) => type === ComponentType.TextDisplay)
  return { ...encoded, shown: texts.map(({ content }) => content!).join('\n––\n') }
}

const list = (rows: number, wide: boolean): Extract<Reply, { kind: 'table' }> => ({
  kind: 'table',
  title: `${rows} credentials`,
  columns: [{ header: 'NAME' }, { header: 'DAYS LEFT', align: 'right' }, { header: 'ID' }],
  rows: Array.from({ length: rows }, (_, i) => [
    `reader-${i}`,
    String(i),
    wide ? `7bc2073d-ea6b-42b5-a83a-${String(i).padStart(12, '0')} and some more words beside it` : `id-${i}`,
  ]),
  after: ['That is all.'],
  fileName: 'credentials.txt',
})

describe('how they read', () => {
  it('shows a narrow table in fixed width', () => {
    expect(checked(list(2, false)).shown).toMatchInlineSnapshot(`
      "**2 credentials**
      \`\`\`
      NAME      DAYS LEFT  ID
      reader-0          0  id-0
      reader-1          1  id-1
      \`\`\`
      ––
      That is all."
    `)
  })

  it('shows a wide table as a paragraph per row', () => {
    expect(checked(list(2, true)).shown).toMatchInlineSnapshot(`
      "**2 credentials**
      **reader-0**
      days left 0 · id 7bc2073d-ea6b-42b5-a83a-000000000000 and some more words beside it
      **reader-1**
      days left 1 · id 7bc2073d-ea6b-42b5-a83a-000000000001 and some more words beside it
      ––
      That is all."
    `)
  })

  it('shows a run as a card that says by its colour how it stands', () => {
    const card: Reply = {
      kind: 'card',
      title: say`Attach prod-kms to pcc-192-0-2-10 · run ${code('3VX8P0ZC')} · asked by ${mention(ANA)}`,
      fields: [{ label: 'Why', value: 'encrypt the *finance* VMs' }],
      steps: [
        { mark: 'done', title: 'Measure the address', note: '91.134.128.102' },
        { mark: 'waiting', title: 'Wait for approval' },
      ],
      ending: [say`Expires ${instant('2026-11-23T23:42:00Z')}`],
      buttons: [
        { press: 'approve', label: 'Approve', subject: '3VX8P0ZC', style: 'primary' },
        { press: 'deny', label: 'Deny…', subject: '3VX8P0ZC', style: 'danger' },
      ],
    }

    const { components, shown } = checked(card)

    expect(shown).toMatchInlineSnapshot(`
      "**Attach prod-kms to pcc-192-0-2-10 · run \`3VX8P0ZC\` · asked by <@900000000000000001>**
      ––
      **Why** encrypt the \\*finance\\* VMs
      ––
      ✅ Measure the address · 91.134.128.102
      ⏳ Wait for approval
      ––
      Expires <t:1795477320:f>"
    `)
    expect(components[0]).toMatchObject({ type: ComponentType.Container, id: 4711, accent_color: 0x5865f2 })
    expect(
      flatten(components as Component[]).filter(({ type }) => type === ComponentType.Button),
    ).toMatchObject([
      { custom_id: 'approve:3VX8P0ZC', label: 'Approve', style: 1 },
      { custom_id: 'deny:3VX8P0ZC', label: 'Deny…', style: 4 },
    ])
  })

  it('shows fields by name, and adds public files', () => {
    const { shown, files } = checked({
      kind: 'fields',
      title: 'OKMS prod-kms',
      fields: [{ label: 'KMIP', value: [code('eu-west-rbx.okms.ovh.net:5696')] }],
      after: ['See https://eu-west-rbx.okms.ovh.net/swagger/ for more.'],
      files: [{ name: 'my certificate.pem', text: 'PEM' }],
    })

    expect(shown).toMatchInlineSnapshot(`
      "**OKMS prod-kms**
      ––
      **KMIP** \`eu-west-rbx.okms.ovh.net:5696\`
      See https://eu-west-rbx.okms.ovh.net/swagger/ for more."
    `)
    expect(files.map(({ name, data }) => [name, data.toString()])).toEqual([['my-certificate.pem', 'PEM']])
  })

  it('marks a text, and notifies those whom we mention', () => {
    const { shown, notifies } = checked({
      kind: 'text',
      mark: 'warning',
      lines: [say`${mention(ANA)} reader expires soon.`],
    })

    expect(shown).toBe('⚠️ <@900000000000000001> reader expires soon.')
    expect(notifies).toEqual([ANA.id])
  })
})

describe('what does not fit', () => {
  it.each([true, false])(
    'shortens a table of 200 rows visibly and adds all of it as a file (wide: %s)',
    wide => {
      const { shown, files } = checked(list(200, wide))

      const rowsShown = shown.match(/reader-\d+/g)!.length
      expect(rowsShown).toBeGreaterThan(15)
      expect(shown).toContain(`… ${200 - rowsShown} more, all in credentials.txt`)
      expect(shown).toContain('That is all.')
      expect(files).toHaveLength(1)
      expect(files[0]!.data.toString().match(/reader-\d+/g)).toHaveLength(200)
    },
  )

  it('keeps title, ending and buttons of a card of 200 steps', () => {
    const { shown, files, components } = checked({
      kind: 'card',
      title: 'Sync',
      steps: Array.from({ length: 200 }, (_, i) => ({
        mark: 'done' as const,
        title: `Step ${i}`,
        note: 'x'.repeat(80),
      })),
      ending: ['All is well.'],
      buttons: [{ press: 'again', label: 'Again', subject: 'A' }],
    })

    expect(shown).toMatch(/\*\*Sync\*\*[\s\S]*… \d+ more steps, all in run\.txt[\s\S]*All is well\./)
    expect(files[0]!.data.toString()).toContain('Step 199')
    expect(JSON.stringify(components)).toContain('again:A')
  })

  it('cuts a line of its own length where it cannot break markup', () => {
    const cut = encodeText('*'.repeat(100), 21)

    expect(cut).toBe(`${'\\*'.repeat(10)}…`)
  })

  it('never passes a limit, whatever people write', () => {
    const words = fc.string({ maxLength: 3000, unit: 'grapheme' })
    const lines = fc.array(words, { minLength: 1, maxLength: 8 })
    const replies = fc.oneof(
      fc.record({ kind: fc.constant('text' as const), lines }),
      fc.record({
        kind: fc.constant('card' as const),
        title: words,
        fields: fc.array(fc.record({ label: fc.string({ maxLength: 30 }), value: words }), { maxLength: 5 }),
        steps: fc.array(fc.record({ mark: fc.constant('done' as const), title: words, note: words }), {
          maxLength: 5,
        }),
        ending: lines,
      }),
      fc.record({
        kind: fc.constant('table' as const),
        title: words,
        columns: fc.constant([{ header: 'A' }, { header: 'B' }]),
        rows: fc.array(fc.tuple(words, words), { maxLength: 30 }),
        after: lines,
        fileName: fc.string({ maxLength: 40 }),
      }),
    )

    fc.assert(
      fc.property(replies, reply => {
        checked(reply as Reply)
      }),
      { numRuns: 150 },
    )
  })
})

describe('what people write', () => {
  it.each([
    ['**bold** _x_ ~~y~~ `code` ||spoiler||'],
    ['[a link](https://evil.example.org/)'],
    ['# heading\n> quote\n- list\n1. one\n-# small'],
    ['<@900000000000000001> @everyone <t:1:f>'],
    ['```\nblock\n```'],
  ])('shows as it is: %s', written => {
    const world = { users: new Map() } as never

    expect(renderMarkdown(escapeMarkdown(written), world)).toBe(written)
    expect(escapeMarkdown(written)).not.toMatch(/(^|[^\\])[*_`|<[]/m)
  })

  it('leaves addresses whole, so that they can be clicked', () => {
    expect(escapeMarkdown('see https://eu-west-rbx.okms.ovh.net/a_b_c now_')).toBe(
      'see https://eu-west-rbx.okms.ovh.net/a_b_c now\\_',
    )
  })

  it('says something even when there is nothing to say', () => {
    expect(checked({ kind: 'text', lines: [' '] }).shown).toBe('—')
  })

  it('cannot leave a code block', () => {
    const { shown } = checked({ ...list(0, false), rows: [['```', '1', '@everyone']] })

    expect(shown.match(/```/g)).toHaveLength(2)
  })
})
