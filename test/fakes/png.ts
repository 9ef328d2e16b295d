/** Reads a PNG as resvg writes it: 8 bits, RGBA, not interlaced (W3C PNG §5, §9). */
import { inflateSync } from 'node:zlib'

export interface Pixels {
  width: number
  height: number
  /** `#rrggbb`. */
  at(x: number, y: number): string
}

export function readPng(file: Buffer): Pixels {
  if (file.toString('latin1', 1, 4) !== 'PNG') throw new Error('this is no PNG')
  const chunks: Buffer[] = []
  for (let from = 8; from < file.length; ) {
    const length = file.readUInt32BE(from)
    if (file.toString('latin1', from + 4, from + 8) === 'IDAT')
      chunks.push(file.subarray(from + 8, from + 8 + length))
    from += 12 + length
  }
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)]
  if (file[24] !== 8 || file[25] !== 6 || file[28] !== 0) throw new Error('not 8 bits RGBA in one pass')
  const lines = inflateSync(Buffer.concat(chunks))
  const stride = width * 4
  const rgba = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = lines[y * (stride + 1)]!
    for (let x = 0; x < stride; x++) {
      const left = x >= 4 ? rgba[y * stride + x - 4]! : 0
      const up = y > 0 ? rgba[(y - 1) * stride + x]! : 0
      const corner = x >= 4 && y > 0 ? rgba[(y - 1) * stride + x - 4]! : 0
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter]!
      rgba[y * stride + x] = lines[y * (stride + 1) + 1 + x]! + guess
    }
  }
  return {
    width,
    height,
    at: (x, y) => `#${rgba.toString('hex', y * stride + x * 4, y * stride + x * 4 + 3)}`,
  }
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [left, up, corner].map(value => Math.abs(guess - value)) as [number, number, number]
  return a <= b && a <= c ? left : b <= c ? up : corner
}
