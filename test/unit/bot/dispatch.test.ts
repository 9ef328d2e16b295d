/** Meeting a message where Redis cannot be asked. */
import { expect, it } from 'vitest'
import { createDispatcher, type DispatchParts } from '../../../src/bot/dispatch.js'
import { BotError } from '../../../src/core/errors.js'
import { noAudit } from '../../../src/core/ports/audit.js'
import { realChance } from '../../../src/core/ports/chance.js'
import type { Exchange } from '../../../src/core/ports/chat.js'
import { silentLog } from '../../../src/core/ports/log.js'
import type { Reply } from '../../../src/core/reply.js'

const parts = {
  definitions: { commands: [], presses: new Map() },
  asks: {
    firstSight: () => Promise.reject(new BotError('store.unavailable', 'The bot cannot reach its memory.')),
    dealtWith: async () => {},
  },
  audit: noAudit,
  chance: realChance,
  log: silentLog,
} as unknown as DispatchParts

const linesOf = (reply: Reply) => (reply.kind === 'text' ? reply.lines : [])

async function meets(acknowledged: 'by another' | undefined) {
  const said: unknown[] = []
  const exchange: Exchange = {
    acknowledge: async () => acknowledged,
    answer: async reply => void said.push(...linesOf(reply)),
    deliver: async () => {},
    undeliver: async () => {},
  }
  const wasOurs = await createDispatcher(parts).onInvocation(
    {
      id: '1',
      actor: { platform: 'discord', id: '1', name: 'ana' },
      conversation: { platform: 'discord', id: '2', name: '#ops', kind: 'channel' },
      said: { form: 'words', text: 'list' },
    },
    exchange,
  )
  return { said, wasOurs }
}

it('says that its memory is gone', async () => {
  expect(await meets(undefined)).toEqual({ said: ['The bot cannot reach its memory.'], wasOurs: true })
})

it('leaves the answer to the process that acknowledged, which may be able to give one', async () => {
  expect(await meets('by another')).toEqual({ said: [], wasOurs: false })
})
