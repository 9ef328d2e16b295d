/** Our commands as Discord's, and back: every real one is carried through both. */
import { resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadDefinitions } from '../../../../src/bot/load.js'
import { readOptions } from '../../../../src/bot/words.js'
import { type Command, defineCommand } from '../../../../src/core/command.js'
import { option } from '../../../../src/core/option.js'
import { silentLog } from '../../../../src/core/ports/log.js'
import {
  decodeCommand,
  decodeInvocation,
  encodeCommands,
} from '../../../../src/platforms/discord/commands.js'
import { publishCommands } from '../../../../src/platforms/discord/publish.js'
import { checkCommand, checkShape } from '../../../fakes/discord/rules.js'

const TYPE = { sub: 1, group: 2, string: 3, attachment: 11 } as const

interface Node {
  name: string
  type: number
  options?: Node[]
  required?: boolean
}

let commands: readonly Command[]
beforeAll(async () => {
  commands = (await loadDefinitions(resolve(import.meta.dirname, '../../../..'))).commands
})

const command = (name: string, options: Command['options'] = {}) =>
  defineCommand({
    name,
    summary: `Does ${name}`,
    options,
    requires: null,
    answers: 'privately',
    examples: [],
    run: async () => {},
  })

/** Every command that Discord shows, with the words that lead to it. */
function leaves(nodes: readonly Node[], path: readonly Node[] = []): { path: Node[]; options: Node[] }[] {
  return nodes.flatMap(node =>
    node.type === TYPE.group
      ? leaves(node.options ?? [], [...path, node])
      : [{ path: [...path, node], options: node.options ?? [] }],
  )
}

/** What Discord sends when all options of a command are filled in. */
const filledIn = ({ path, options }: { path: Node[]; options: Node[] }) =>
  path.reduceRight<object[]>(
    (inner, { name, type }) => [{ name, type, options: inner }],
    options.map(({ name, type }) => ({ name, type, value: `value of ${name}` })),
  ) as Parameters<typeof decodeCommand>[0]

describe('the real commands', () => {
  it('stay inside the limits of one slash command, by their own schema and by ours', () => {
    const encoded = encodeCommands(commands)

    checkShape('command', encoded)
    checkCommand(encoded as never)
    expect(encoded.options!.length).toBeLessThanOrEqual(25)
  })

  it('come back from Discord as they were declared, with every option', () => {
    const decoded = leaves(encodeCommands(commands).options as Node[]).map(leaf =>
      decodeInvocation(filledIn(leaf), commands),
    )

    expect(decoded.map(({ command }) => command).sort()).toEqual(commands.map(({ name }) => name).sort())
    for (const { command: name, options } of decoded) {
      const declared = commands.find(one => one.name === name)!
      expect(Object.keys(options).sort()).toEqual(Object.keys(declared.options).sort())
    }
  })

  it('have summaries that need no cutting', () => {
    for (const { summary, options } of commands) {
      expect(summary.length).toBeLessThanOrEqual(100)
      for (const one of Object.values(options))
        expect(one.summary.length, one.summary).toBeLessThanOrEqual(100)
    }
  })
})

describe('encoding', () => {
  it('puts commands of two words into a group that names them', () => {
    const encoded = encodeCommands([command('key create'), command('list'), command('key show')])

    expect(encoded.options).toMatchObject([
      {
        type: TYPE.group,
        name: 'key',
        description: 'key: create, show',
        options: [{ name: 'create' }, { name: 'show' }],
      },
      { type: TYPE.sub, name: 'list' },
    ])
  })

  it('shows options that must be given first, and capitals as hyphens', () => {
    const detach = command('detach', { reason: option.text('Why').optional(), kmsId: option.text('Which') })

    const encoded = encodeCommands([detach])
    const decoded = decodeInvocation(filledIn(leaves(encoded.options as Node[])[0]!), [detach])

    expect((encoded.options![0] as Node).options!.map(({ name }) => name)).toEqual(['kms-id', 'reason'])
    expect(decoded.options).toEqual({ kmsId: 'value of kms-id', reason: 'value of reason' })
    expect(readOptions(detach, { ...decoded.options })).toMatchObject({ kmsId: 'value of kms-id' })
  })

  it('offers choices, completion and uploads where the option is of that kind', () => {
    const one = command('credential', {
      name: option.profile('Profile'),
      type: option.choice('Type', ['ECDSA', 'RSA']),
      csr: option.file('Request', { maxBytes: 16_384 }),
    })

    const [name, type, csr] = (encodeCommands([one]).options![0] as { options: object[] }).options

    expect(name).toMatchObject({ type: TYPE.string, autocomplete: true, max_length: 50 })
    expect(type).toMatchObject({
      choices: [
        { name: 'ECDSA', value: 'ECDSA' },
        { name: 'RSA', value: 'RSA' },
      ],
    })
    expect(csr).toEqual({ type: TYPE.attachment, name: 'csr', description: 'Request', required: true })
  })
})

describe('decoding', () => {
  it('names uploads with the most bytes they may have, and what is being typed', () => {
    const one = command('credential', {
      csr: option.file('Request', { maxBytes: 100 }),
      okms: option.okms('Which'),
    })

    const decoded = decodeCommand(
      [
        {
          name: 'credential',
          type: TYPE.sub,
          options: [
            { name: 'csr', type: TYPE.attachment, value: '1234' },
            { name: 'okms', type: TYPE.string, value: 'pro', focused: true },
          ],
        },
      ],
      [one],
    )

    expect(decoded).toEqual({
      command: 'credential',
      options: { csr: '1234', okms: 'pro' },
      files: { csr: 100 },
      focused: 'okms',
    })
  })

  it('passes on what it does not know, for the bot to refuse', () => {
    const sub = { name: 'gone', type: TYPE.sub, options: [{ name: 'old', type: TYPE.string, value: 'x' }] }

    expect(decodeInvocation([sub], [])).toEqual({ form: 'typed', command: 'gone', options: { old: 'x' } })
  })
})

describe('publishing', () => {
  const server = (present: unknown) => {
    const written: unknown[] = []
    return {
      written,
      wire: {
        commandsOf: async <T>(_: string, shape: { parse(value: unknown): T }) => shape.parse(present),
        setCommands: async (guildId: string, body: readonly object[]) =>
          void written.push([guildId, ...body]),
      } as unknown as Parameters<typeof publishCommands>[0],
    }
  }

  it('writes nothing where the server has the same, whatever Discord adds to it', async () => {
    const encoded = encodeCommands(commands)
    const { wire, written } = server([
      { ...encoded, id: '1', version: '2', nsfw: false, default_member_permissions: null },
    ])

    await publishCommands(wire, ['900'], encoded, silentLog)

    expect(written).toEqual([])
  })

  it.each([
    ['a command is missing', []],
    ['a description differs', [{ name: 'okms', description: 'old', type: 1, options: [] }]],
    ['there is one more', [encodeCommands([]), { name: 'old', description: 'old', type: 1 }]],
  ])('writes the whole set when %s', async (_, present) => {
    const encoded = encodeCommands(commands)
    const { wire, written } = server(present)

    await publishCommands(wire, ['900'], encoded, silentLog)

    expect(written).toEqual([['900', encoded]])
  })
})
