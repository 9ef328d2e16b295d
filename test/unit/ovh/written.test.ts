/** Calls that write are told of, with what came of them and nothing of what they held. */
import { expect, it } from 'vitest'
import { BotError } from '../../../src/core/errors.js'
import { type OvhWrite, telling } from '../../../src/ovh/written.js'

const PATH = '/v2/okms/resource/70084fb9-d39a-482b-b97a-033fe21a64a5/credential'
const answer = { data: { privateKey: 'never told' }, status: 201, queryId: 'EU.ext-1' }

async function toldOf(asked: Parameters<typeof telling>[1], act: () => Promise<typeof answer>) {
  const told: OvhWrite[] = []
  await telling(call => void told.push(call), asked, act).catch(() => {})
  return told
}

it('tells of a write with its route, its ids and how it ended', async () => {
  expect(await toldOf({ method: 'POST', path: PATH }, async () => answer)).toEqual([
    {
      route: 'POST /v2/okms/resource/{id}/credential',
      ids: ['70084fb9-d39a-482b-b97a-033fe21a64a5'],
      outcome: 'ok',
      status: 201,
      queryId: 'EU.ext-1',
    },
  ])
})

it('tells of a refused write, and of one whose answer was lost', async () => {
  const refused = new BotError('ovh.denied', 'No.', { details: { status: 403, queryId: 'EU.ext-2' } })
  const lost = new BotError('ovh.unreachable', 'Gone.', { details: { sent: true } })
  const failing = (error: BotError) => toldOf({ method: 'DELETE', path: PATH }, () => Promise.reject(error))

  expect(await failing(refused)).toMatchObject([{ outcome: 'ovh.denied', status: 403, queryId: 'EU.ext-2' }])
  expect(await failing(lost)).toMatchObject([{ outcome: 'ovh.unreachable', status: null, queryId: null }])
})

it('tells nothing of calls that change nothing', async () => {
  expect(await toldOf({ method: 'GET', path: PATH }, async () => answer)).toEqual([])
  expect(await toldOf({ method: 'POST', path: PATH, retry: 'safe' }, async () => answer)).toEqual([])
})
