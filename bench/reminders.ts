/** What following credentials costs: a tick with a hundred due out of few and out of many, and what each takes in Redis. */
import { Redis } from 'ioredis'
import { remind } from '../jobs/remind.js'
import { createLedger } from '../src/store/ledger.js'
import { median, type Row, timed } from './row.js'
import { tickAlone } from './tick.js'

const FEW = 1000
const MANY = 100_000
const DUE = 100
const ROUNDS = 7
const DAY_MS = 86_400_000
const START = Date.UTC(2027, 0, 1)

const POLICY = `
people: { ana: { console: ana } }
roles: { operator: { people: [ana] } }
grants:
  - { allow: [read], to: [operator], in: ["*"] }
profiles:
  reader: { use: [operator], identities: ["urn:v1:eu:identity:group:ab12345-ovh/reader"], channel: console:ops }
reminders: { channel: console:ops }
`

const idOf = (number: number) => `10000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** A hundred expire on each day from the 15th of their life on, the others in a year. */
async function follow(redis: Redis, count: number): Promise<void> {
  const ledger = createLedger(redis)
  const portion = 200
  for (let i = 0; i < count; i += portion) {
    await Promise.all(
      Array.from({ length: Math.min(portion, count - i) }, (_, j) => {
        const number = i + j
        const lifeDays = number < DUE * ROUNDS ? 15 + Math.floor(number / DUE) : 365
        return ledger.remember({
          credentialId: idOf(number),
          okmsId: '00000000-0000-4000-8000-00000000000a',
          okmsName: 'prod-kms',
          name: `reader-${number}`,
          profile: 'reader',
          owner: { platform: 'slack', id: 'U0123456789', name: 'Ana Example' },
          channel: { platform: 'slack', id: 'C0123456789', name: '#operations', kind: 'channel' },
          runId: '7F3K9Q2M',
          fromCsr: false,
          startsAt: new Date(START).toISOString(),
          expiresAt: new Date(START + lifeDays * DAY_MS).toISOString(),
        })
      }),
    )
  }
}

interface Fleet {
  /** Milliseconds of the tick of one day. */
  day(number: number): Promise<number>
}

function tickOn(redis: Redis): Fleet {
  let nowMs = START
  let said = 0
  const context = tickAlone({ redis, clock: { now: () => nowMs }, policy: POLICY, said: () => void said++ })
  return {
    async day(number) {
      nowMs = START + number * DAY_MS + 1
      said = 0
      const ms = await timed(() => remind.run(context))
      if (number > 0 && said !== 1) throw new Error(`${said} digests instead of one`)
      return ms
    },
  }
}

const usedBytes = async (redis: Redis) => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1])

/** @param urls two empty servers: the ticks are measured in turn */
export async function measureReminders(urls: readonly [string, string]): Promise<Row[]> {
  const [few, many] = urls.map(url => new Redis(url, { maxRetriesPerRequest: null })) as [Redis, Redis]
  const before = await usedBytes(many)
  await follow(few, FEW)
  await follow(many, MANY)
  const [fewTicks, manyTicks] = [tickOn(few), tickOn(many)]
  // The first tick looks at all of them once.
  await fewTicks.day(0)
  await manyTicks.day(0)
  const bytes = ((await usedBytes(many)) - before) / MANY
  const [ours, other]: [number[], number[]] = [[], []]
  for (let round = 1; round <= ROUNDS; round++) {
    ours.push(await manyTicks.day(round))
    other.push(await fewTicks.day(round))
  }
  few.disconnect()
  many.disconnect()
  const ratio = median(ours) / median(other)
  return [
    {
      what: `a reminder tick with ${DUE} due of ${MANY} followed`,
      ours: `${median(ours).toFixed(1)} ms`,
      against: `${DUE} due of ${FEW}: ${median(other).toFixed(1)} ms`,
      ratio,
      goal: '≤ 1.3 ×',
      reached: ratio <= 1.3,
    },
    {
      what: 'Redis bytes per credential followed',
      ours: `${Math.round(bytes)} B`,
      against: '1 KiB',
      ratio: bytes / 1024,
      goal: '≤ 1 ×',
      reached: bytes <= 1024,
    },
  ]
}
