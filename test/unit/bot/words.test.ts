/** The text grammar of Slack and the console: what is typed, and what is understood or refused. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseWords, readOptions, splitWords } from '../../../src/bot/words.js'
import { type Command, defineCommand } from '../../../src/core/command.js'
import { BotError } from '../../../src/core/errors.js'
import { type OptionsShape, option } from '../../../src/core/option.js'

const command = (name: string, options: OptionsShape = {}): Command =>
  defineCommand({
    name,
    summary: name,
    options,
    requires: null,
    answers: 'privately',
    examples: [],
    async run() {},
  })

const COMMANDS = [
  command('help', { command: option.command('Which').optional() }),
  command('list'),
  command('credential', {
    name: option.profile('Name'),
    validity: option.days('How long'),
    okms: option.okms('Which OKMS').optional(),
    identity: option.text('Identity').optional(),
    description: option.text('What for').optional(),
    type: option.choice('Type', ['ECDSA', 'RSA']).optional(),
    csr: option.file('Request', { maxBytes: 16_384 }).optional(),
  }),
  command('thumbprint', { endpoint: option.text('OKMS or host:port') }),
  command('detach', { cloud: option.text('Cloud'), kmsId: option.text('Key server') }),
  command('key create', { name: option.text('Name'), type: option.text('Type') }),
  command('key delete', { key: option.text('Key') }),
]

const parse = (text: string) => {
  const { command, raw } = parseWords(text, COMMANDS)
  return [command.name, raw]
}
function refusal(act: () => unknown): { message: string; hint: string | undefined } {
  try {
    act()
  } catch (error) {
    if (error instanceof BotError && error.code === 'input.invalid') {
      return { message: error.message, hint: error.hint }
    }
    throw error
  }
  throw new Error('not refused')
}

describe('options', () => {
  it.each<[string, Record<string, string>]>([
    ['credential reader 30d', { name: 'reader', validity: '30d' }],
    ['  CREDENTIAL   reader\t30d \n', { name: 'reader', validity: '30d' }],
    ['credential reader 30d prod-kms', { name: 'reader', validity: '30d', okms: 'prod-kms' }],
    ['credential reader 30d type:RSA', { name: 'reader', validity: '30d', type: 'RSA' }],
    ['credential reader 30d TYPE:RSA', { name: 'reader', validity: '30d', type: 'RSA' }],
    ['credential okms:lab reader 30d', { name: 'reader', validity: '30d', okms: 'lab' }],
    ['credential validity:30d reader lab', { name: 'reader', validity: '30d', okms: 'lab' }],
  ])('stand in declared order or as name:value: %s', (text, raw) => {
    expect(parse(text)).toEqual(['credential', raw])
  })

  it('are found by name whatever its capitals', () => {
    expect(parse('detach pcc-192-0-2-10 kmsid:42')).toEqual([
      'detach',
      { cloud: 'pcc-192-0-2-10', kmsId: '42' },
    ])
  })

  it.each<[string, string]>([
    ['credential reader 30d description:"for the backup"', 'for the backup'],
    ["credential reader 30d description:'for the backup'", 'for the backup'],
    ['credential reader 30d description:“for the backup”', 'for the backup'],
    ['credential reader 30d description:„for the backup“', 'for the backup'],
    ['credential reader 30d description:‘for the backup’', 'for the backup'],
    ['credential reader 30d description:"the “big” one"', 'the “big” one'],
    ['credential reader 30d description:"say \\"hello\\" \\\\ now"', 'say "hello" \\ now'],
    ["credential reader 30d description:it's-late", "it's-late"],
    ['credential reader 30d description:it’s-late', 'it’s-late'],
    ['credential reader 30d description:""', ''],
  ])('may be quoted, straight or curly: %s', (text, description) => {
    expect(parse(text)[1]).toMatchObject({ description })
  })

  it('end at any blank, also at those that chat clients put in', () => {
    expect(parse('credential\u00a0reader\u202f30d')).toEqual([
      'credential',
      { name: 'reader', validity: '30d' },
    ])
  })

  it('given by name leave their place to the next one', () => {
    expect(parse('credential lab name:reader validity:30d')[1]).toEqual({
      name: 'reader',
      validity: '30d',
      okms: 'lab',
    })
  })

  it('in quotes are never taken for a name', () => {
    expect(parse('credential "okms:lab" 30d')).toEqual(['credential', { name: 'okms:lab', validity: '30d' }])
  })

  it('keep the line breaks of a pasted request, real or literal', () => {
    const literal = '-----BEGIN CERTIFICATE REQUEST-----\\nMIIB\\n-----END CERTIFICATE REQUEST-----\\n'
    const real = literal.replaceAll('\\n', '\n')

    expect(parse(`credential reader 30d csr:"${literal}"`)[1]).toMatchObject({ csr: literal })
    expect(parse(`credential reader 30d csr:'${literal}'`)[1]).toMatchObject({ csr: literal })
    expect(parse(`credential reader 30d csr:"${real}"`)[1]).toMatchObject({ csr: real })
  })

  it('need no quotes where the word before the colon is no option', () => {
    const urn = 'urn:v1:eu:identity:group:ab12345-ovh/reader'

    expect(parse(`credential reader 30d identity:${urn}`)[1]).toMatchObject({ identity: urn })
    expect(parse(`credential reader 30d lab ${urn}`)[1]).toMatchObject({ identity: urn })
    expect(parse('thumbprint eu-west-rbx.okms.ovh.net:5696')[1]).toEqual({
      endpoint: 'eu-west-rbx.okms.ovh.net:5696',
    })
    expect(parse('thumbprint endpoint:[2001:db8::7]:5696')[1]).toEqual({ endpoint: '[2001:db8::7]:5696' })
  })

  it('carry any text through quotes', () => {
    const quoted = (text: string) => `"${text.replaceAll(/[\\"]/g, '\\$&')}"`
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (one, two) => {
        const text = `credential ${quoted(one)} 30d description:${quoted(two)}`
        expect(parse(text)).toEqual(['credential', { name: one, validity: '30d', description: two }])
      }),
    )
  })

  it('are split at blanks alone where there is no quote', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.stringMatching(/^[a-z:\\.’-]+$/).filter(word => !word.includes(':’') && !word.startsWith('’')),
        ),
        words => {
          expect(splitWords(words.join('  ')).map(({ text }) => text)).toEqual(words)
        },
      ),
    )
  })

  it('are split or refused, whatever is typed', () => {
    const odd = fc.constantFrom('a', ' ', '"', "'", '“', '”', '’', '\\', ':', '\n')
    fc.assert(
      fc.property(fc.string({ unit: odd }), text => {
        try {
          expect(
            splitWords(text)
              .map(word => word.text)
              .join('').length,
          ).toBeLessThanOrEqual(text.length)
        } catch (error) {
          expect(error).toMatchObject({ code: 'input.invalid' })
        }
      }),
    )
  })
})

describe('commands', () => {
  it('may be groups of two words', () => {
    expect(parse('key create vm-key AES')).toEqual(['key create', { name: 'vm-key', type: 'AES' }])
    expect(parse('Key  Delete vm-key')).toEqual(['key delete', { key: 'vm-key' }])
  })

  it('of two words can be asked about as they are typed', () => {
    expect(parse('help key create')).toEqual(['help', { command: 'key create' }])
    expect(parse('help command:key create')).toEqual(['help', { command: 'key create' }])
  })

  it('are help when nothing is said', () => {
    expect(parse('   ')).toEqual(['help', {}])
  })

  it.each<[string, string, string]>([
    ['lsit', 'There is no command "lsit".', 'Did you mean /okms list? /okms help shows all.'],
    [
      'credentail reader 30d',
      'There is no command "credentail".',
      'Did you mean /okms credential? /okms help shows all.',
    ],
    ['frobnicate', 'There is no command "frobnicate".', '/okms help shows all commands.'],
    ['key', '/okms key needs one more word.', 'There are: /okms key create, /okms key delete.'],
    ['key crate vm-key', '/okms key needs one more word.', 'Did you mean /okms key create?'],
    [
      `{"kty":"EC","d":"${'x'.repeat(43)}"}`,
      'There is no command of that name.',
      '/okms help shows all commands.',
    ],
  ])('that nobody knows are answered with what was meant: %s', (text, message, hint) => {
    expect(refusal(() => parse(text))).toEqual({ message, hint })
  })
})

describe('mistakes', () => {
  const USAGE = 'Usage: /okms credential <name> <validity> [okms] [identity] [description] [type] [csr]'

  it.each<[string, string]>([
    ['list all', '"all" is one word more than /okms list takes.'],
    [`list ${'x'.repeat(60)}`, 'A long word is one word more than /okms list takes.'],
  ])('too many words: %s', (text, message) => {
    expect(refusal(() => parse(text))).toEqual({ message, hint: 'Usage: /okms list' })
  })

  it('an option given twice', () => {
    expect(refusal(() => parse('credential reader 30d okms:a okms:b'))).toEqual({
      message: 'Option okms is given twice.',
      hint: USAGE,
    })
  })

  it.each<[string, string]>([
    ['list "all', 'A quote (") is opened and never closed.'],
    ["list 'all", "A quote (') is opened and never closed."],
    ['list “all', 'A quote (“) is opened and never closed.'],
  ])('a quote that is never closed: %s', (text, message) => {
    expect(refusal(() => parse(text))).toEqual({ message, hint: 'Close it, or leave both out.' })
  })

  const read = (text: string) => {
    const { command, raw } = parseWords(text, COMMANDS)
    return readOptions(command, raw)
  }

  it.each<[string, string]>([
    ['credential', '/okms credential needs a name.'],
    ['credential reader', '/okms credential needs a validity.'],
    ['thumbprint', '/okms thumbprint needs an endpoint.'],
  ])('an option left out: %s', (text, message) => {
    expect(refusal(() => read(text)).message).toBe(message)
  })

  it.each<[string, string]>([
    ['credential reader banana', '"banana" is not a validity.'],
    ['credential reader 30d type:DSA', '"DSA" is not a value of type.'],
    ['credential reader 30d okms:', 'Option okms is empty.'],
    [`credential ${'x'.repeat(51)} 30d`, 'Option name is longer than 50 characters.'],
  ])('a value that is none: %s', (text, message) => {
    expect(refusal(() => read(text)).message).toBe(message)
  })

  it('an option that does not exist, from a platform with typed ones', () => {
    const list = COMMANDS.find(({ name }) => name === 'list')!

    expect(refusal(() => readOptions(list, { colour: 'red' })).message).toBe(
      '/okms list has no option colour.',
    )
    expect(refusal(() => readOptions(list, { toString: 'red' })).message).toBe(
      '/okms list has no option toString.',
    )
  })

  it('none: reads each option by its declaration', () => {
    expect(read('credential reader 6mo type:rsa description:" backup "')).toEqual({
      name: 'reader',
      validity: 183,
      type: 'RSA',
      description: 'backup',
    })
  })
})
