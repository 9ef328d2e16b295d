import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeResponse, encodeRequest } from '../../../src/kmip/discover-versions.js'
import { TtlvError } from '../../../src/kmip/ttlv.js'
import { BOTH_VERSIONS, hex, response, VERSIONS_1_0_TO_1_4, version } from './kmip-messages.js'

describe('the request', () => {
  it('is Discover Versions in a message of KMIP 1.1', () => {
    // Assembled by hand after OASIS KMIP Specification 1.4 §9.1.
    const expected = hex(`
      420078 01 00000060
        420077 01 00000038
          420069 01 00000020
            42006a 02 00000004 00000001 00000000
            42006b 02 00000004 00000001 00000000
          42000d 02 00000004 00000001 00000000
        42000f 01 00000018
          42005c 05 00000004 0000001e 00000000
          420079 01 00000000`)

    expect(encodeRequest().toString('hex')).toBe(expected.toString('hex'))
  })
})

describe('the response', () => {
  it('tells the highest version, in whatever order they come', () => {
    expect(decodeResponse(response({ versions: VERSIONS_1_0_TO_1_4 }))).toEqual({
      kind: 'versions',
      highest: '1.4',
    })
    expect(decodeResponse(response({ versions: BOTH_VERSIONS }))).toEqual({
      kind: 'versions',
      highest: '2.1',
    })
  })

  it('that lists none tells the version it is written in', () => {
    expect(decodeResponse(response({ versions: '', spoken: version(1, 2) }))).toEqual({
      kind: 'versions',
      highest: '1.2',
    })
  })

  it('of a server too old for the operation tells its version', () => {
    const old = response({ status: 1, reason: 0x05, spoken: version(1, 0) })

    expect(decodeResponse(old)).toEqual({ kind: 'versions', highest: '1.0' })
  })

  it('may be a refusal, with its text in one short line', () => {
    const refusal = response({ status: 1, reason: 0x0c, message: `Not\n  you\u0007${'!'.repeat(400)}` })

    const read = decodeResponse(refusal)

    expect(read).toEqual({ kind: 'refused', reason: expect.stringMatching(/^Not you !+$/) })
    expect(read.kind === 'refused' && read.reason.length).toBe(200)
    expect(decodeResponse(response({ status: 1, reason: 0x0c }))).toEqual({
      kind: 'refused',
      reason: 'result reason 12',
    })
    expect(decodeResponse(response({ status: 1 }))).toEqual({
      kind: 'refused',
      reason: 'result reason not given',
    })
  })

  const whole = response({ versions: VERSIONS_1_0_TO_1_4 })

  it('is refused when it is cut anywhere, or goes on after its end', () => {
    for (let end = 0; end < whole.length; end++) {
      expect(() => decodeResponse(whole.subarray(0, end))).toThrow(TtlvError)
    }
    expect(() => decodeResponse(Buffer.concat([whole, Buffer.alloc(8)]))).toThrow('bytes follow its end')
  })

  it.each([
    [
      'a length beyond its end',
      '42007b 01 00000010 42007a 01 ffffffff 0000000000000000',
      'reaches beyond its end',
    ],
    ['a length that would not fit a signed number', '42007b 01 fffffff8', 'reaches beyond its end'],
    ['a request', '420078 01 00000000', 'begins with 0x420078'],
    [
      'an integer of eight bytes',
      '42007b 01 00000010 42007a 02 00000008 0000000000000001',
      'of type 2 has 8 bytes',
    ],
    [
      'a big integer of four bytes',
      '42007b 01 00000010 42007a 04 00000004 0000000000000001',
      'big integer has 4 bytes',
    ],
    ['an unknown type', '42007b 01 00000008 42007a 0f 00000000', 'unknown type 15'],
    [
      'a header that is no structure',
      '42007b 01 00000010 42007a 02 00000004 0000000100000000',
      '0x42007a has the type 2',
    ],
    ['nothing in it', '42007b 01 00000000', '0x42007b lacks 0x42007a'],
    ['half a header inside', '42007b 01 00000004 42007a01 00000000', 'ends inside a header'],
    ['ten structures in each other', nested(10), 'nested too deeply'],
  ])('is refused when it has %s', (_, bytes, why) => {
    expect(() => decodeResponse(hex(bytes))).toThrow(
      expect.objectContaining({ message: expect.stringContaining(why) }),
    )
    expect(() => decodeResponse(hex(bytes))).toThrow(TtlvError)
  })

  it('never fails in any other way, whatever its bytes', () => {
    const flips = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(flips, changes => {
        const bytes = Buffer.from(whole)
        for (const [at, value] of changes) bytes[at] = value
        try {
          decodeResponse(bytes)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(TtlvError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

function nested(levels: number): string {
  let inner = ''
  for (let level = 0; level < levels; level++) {
    inner = `42007b 01 ${(inner.replaceAll(' ', '').length / 2).toString(16).padStart(8, '0')} ${inner}`
  }
  return inner
}
