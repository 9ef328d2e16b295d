/**
 * Pages of v2 lists by cursor (ovh/docs: pages/manage_and_operate/api/apiv2). A cursor remembers the last item, so a list that
 * grows or shrinks between two pages neither repeats nor skips. Default and largest size are in no public source; ours.
 */
import { badRequest } from './refusal.js'
import { Answer, type Call } from './router.js'

const DEFAULT_SIZE = 100
const MAX_SIZE = 1000

export interface Pageable<Item> {
  /** Names the list, so that a cursor of another one is refused. */
  list: string
  /** In the order of `seqOf`. */
  items: readonly Item[]
  seqOf: (item: Item, index: number) => number
  encode: (item: Item) => unknown
  /** The schema's word for a wrong cursor, where it has one. */
  wrongCursor?: string
}

/** @throws Refusal 400 for a wrong size or cursor */
export async function page<Item>(call: Call, pageable: Pageable<Item>): Promise<Answer> {
  const size = readSize(call.headers['x-pagination-size'])
  const after = readCursor(call.headers['x-pagination-cursor'], pageable)
  const rest = pageable.items
    .map((item, index) => ({ item, seq: pageable.seqOf(item, index) }))
    .filter(({ seq }) => seq > after)
  const shown = rest.slice(0, size)
  const body = await Promise.all(shown.map(({ item }) => pageable.encode(item)))
  if (rest.length <= size) return new Answer(body)
  const cursor = Buffer.from(JSON.stringify([pageable.list, shown.at(-1)!.seq])).toString('base64url')
  return new Answer(body, { headers: { 'X-Pagination-Cursor-Next': cursor } })
}

/** A list that never changes or is short: items in their own order. */
export function pageInOrder<Item>(
  call: Call,
  list: string,
  items: readonly Item[],
  encode: (item: Item) => unknown = item => item,
): Promise<Answer> {
  return page(call, { list, items, seqOf: (_, index) => index, encode })
}

function readSize(value: string | string[] | undefined): number {
  if (value === undefined) return DEFAULT_SIZE
  const size = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : 0
  if (size < 1) throw badRequest('[X-Pagination-Size] Not a number of items')
  return Math.min(size, MAX_SIZE)
}

function readCursor<Item>(
  value: string | string[] | undefined,
  { list, wrongCursor }: Pageable<Item>,
): number {
  if (value === undefined) return Number.NEGATIVE_INFINITY
  try {
    const [of, seq]: unknown[] = JSON.parse(Buffer.from(String(value), 'base64url').toString())
    if (of === list && typeof seq === 'number') return seq
  } catch {
    // Whatever it was, it was no cursor of ours.
  }
  throw badRequest('[X-Pagination-Cursor] Not a cursor of this list', wrongCursor)
}
