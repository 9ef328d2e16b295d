/** Steps that survive: one run after another on the real store, with workers that die, stall and lose their claim. */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { Turn, type TurnEnd, type TurnHooks } from '../../../src/bot/run-steps.js'
import { BotError } from '../../../src/core/errors.js'
import { defineJob, type Job, type RememberedSteps, type RetryPolicy } from '../../../src/core/job.js'
import { newRunId, realChance } from '../../../src/core/ports/chance.js'
import { type MovableClock, movableClock } from '../../../src/core/ports/clock.js'
import type { RunStore } from '../../../src/core/ports/runs.js'
import type { Ending, RunRecord } from '../../../src/core/run.js'
import { createRunStore } from '../../../src/store/runs.js'
import { startTestRedis, type TestRedis } from '../../fakes/redis.js'

let redis: TestRedis
let runs: RunStore
let clock: MovableClock
let runId: string

beforeAll(async () => {
  redis = await startTestRedis()
  runs = createRunStore(redis.connect())
})
afterAll(() => redis.stop())
beforeEach(async () => {
  clock = movableClock({ now: () => 1_800_000_000_000 })
  runId = await newRun()
})

const done = (...lines: string[]): Ending => ({ outcome: 'done', lines })

function newRun(): Promise<string> {
  return runs.create({
    runId: newRunId(realChance),
    job: 'story',
    version: 1,
    input: null,
    requester: { platform: 'console', id: 'ana', name: 'Ana' },
    conversation: { platform: 'console', id: 'ops', name: 'ops', kind: 'channel' },
    privately: false,
    createdAtMs: clock.now(),
    startKey: null,
  })
}

type Story = (step: RememberedSteps) => Promise<Ending>

interface Around {
  hooks?: TurnHooks
  retry?: RetryPolicy
  random?: () => number
  store?: RunStore
  leaving?: () => boolean
  failures?: string[]
}

/** One turn of the run, as a worker would take it. */
async function turn(story: Story, around: Around = {}): Promise<TurnEnd> {
  const run = await runs.claim(runId)
  const retry = around.retry ?? { attempts: 3, firstDelay: '2s', longestDelay: '5m' }
  const job = defineJob({
    name: 'story',
    input: z.null(),
    title: () => 'Story',
    retry,
    run: async () => done(),
  })
  const taken = new Turn(run!, job as Job<never>, {
    runs: around.store ?? runs,
    clock,
    random: around.random ?? (() => 0.5),
    hooks: around.hooks ?? {},
    changed: async () => {},
    failed: (_, title, error) => void around.failures?.push(`${title}: ${error.message}`),
    ...(around.leaving ? { leaving: around.leaving } : {}),
  })
  return taken.take(() => story(Object.assign(taken.step, { until: taken.until })))
}

/** Turn after turn, the clock moving to each instant at which the run wants to be woken. */
async function untilEnd(story: Story, around: Around = {}): Promise<number> {
  for (let turns = 1; ; turns++) {
    const end = await turn(story, around)
    if (end.kind !== 'parked') return turns
    clock.moveTo(end.wakeAtMs)
  }
}

const read = async (): Promise<RunRecord> => (await runs.read(runId))!
const stateOf = async (title: string) => (await read()).steps.find(step => step.title === title)?.state
const states = async () => (await read()).steps.map(step => `${step.title}: ${step.state}`)

/** A hook that kills the worker between doing `title` and remembering it, once. */
function diesAt(title: string): TurnHooks & { died: Promise<void>; wakeUp(): void } {
  let died!: () => void
  let wakeUp!: () => void
  let alive = true
  const asleep = new Promise<void>(resolve => {
    wakeUp = resolve
  })
  return {
    died: new Promise(resolve => {
      died = resolve
    }),
    /** The worker was only stalled. */
    wakeUp: () => wakeUp(),
    async beforeRemember(met) {
      if (met !== title || !alive) return
      alive = false
      died()
      await asleep
    },
  }
}

const later = (retryAfterMs?: number) =>
  new BotError(
    'ovh.unreachable',
    'OVHcloud does not answer.',
    retryAfterMs === undefined ? {} : { retryAfterMs },
  )

describe('remembering', () => {
  it('answers finished steps from memory after the worker died', async () => {
    const acts: string[] = []
    const story: Story = async step => {
      const id = await step('Make it', () => {
        acts.push('made')
        return { id: `thing-${acts.length}` }
      })
      const seen = await step('Use it', () => {
        acts.push('used')
        return id
      })
      return done(`${id.id} ${seen.id}`)
    }
    const hooks = diesAt('Use it')
    void turn(story, { hooks })
    await hooks.died

    await turn(story)

    expect(acts).toEqual(['made', 'used', 'used'])
    expect((await read()).ending).toEqual(done('thing-1 thing-1'))
    expect(await states()).toEqual(['Make it: done', 'Use it: done'])
  })

  it('goes on with what Redis would give back', async () => {
    let seen: unknown[] = []
    const story: Story = async step => {
      seen = [
        await step('Date', () => new Date('2026-03-02T10:00:00Z')),
        await step('Nothing', () => {}),
        await step('Not a number', () => Number.NaN),
        await step('Fields', () => ({ kept: 1, dropped: undefined })),
      ]
      return done()
    }

    await turn(story)

    expect(seen).toEqual(['2026-03-02T10:00:00.000Z', null, null, { kept: 1 }])
    expect((await read()).steps.map(step => step.result)).toEqual(seen)
  })

  it('fails a step whose answer is no JSON, since no later turn could read it', async () => {
    await turn(async step => {
      await step('Count', () => ({ big: 10n }))
      return done()
    })

    expect((await read()).failure?.code).toBe('bug')
    expect(await stateOf('Count')).toBe('failed')
  })

  it('keeps what was done when the note beside it breaks', async () => {
    const failures: string[] = []

    await turn(
      async step => {
        await step('Make it', () => 1, {
          note: () => {
            throw new Error('no such field')
          },
        })
        return done()
      },
      { failures },
    )

    expect(await read()).toMatchObject({ state: 'succeeded', steps: [{ state: 'done', note: null }] })
    expect(failures).toEqual(['Make it: Something broke here.'])
  })

  it('shows how the run is doing', async () => {
    const seen: (string | undefined)[] = [(await read()).state]
    const story: Story = async step => {
      await step('Look', async () => void seen.push((await read()).state))
      await step.until('Wait', { every: '2s', atMost: '1m', waitsFor: 'vendor' }, async ({ looks }) =>
        looks > 0 ? true : undefined,
      )
      await step('Look again', async () => void seen.push((await read()).state))
      return { outcome: 'stopped', lines: ['Nobody wanted it.'] }
    }

    const end = await turn(story)
    seen.push((await read()).state)
    clock.moveTo(end.kind === 'parked' ? end.wakeAtMs : 0)
    await turn(story)
    seen.push((await read()).state)

    expect(seen).toEqual(['queued', 'running', 'waiting', 'running', 'stopped'])
    expect((await read()).endedAtMs).toBe(clock.now())
  })
})

describe('looking first', () => {
  it('says that it may have acted before, when the turn was cut off', async () => {
    const told: boolean[] = []
    const story: Story = async step => {
      await step('Create', ({ again }) => void told.push(again), { looksFirst: true })
      return done()
    }
    const hooks = diesAt('Create')
    void turn(story, { hooks })
    await hooks.died

    await turn(story)

    expect(told).toEqual([false, true])
  })

  it('says so after a failed try too, whoever asks', async () => {
    const told: boolean[] = []

    await untilEnd(async step => {
      await step('Create', ({ again }) => {
        told.push(again)
        if (!again) throw later()
      })
      return done()
    })

    expect(told).toEqual([false, true])
  })

  it('is written down before the step acts', async () => {
    const seen: unknown[] = []

    await turn(async step => {
      await step('Create', async () => void seen.push(await stateOf('Create')), { looksFirst: true })
      await step('Count', async () => void seen.push(await stateOf('Count')))
      return done()
    })

    expect(seen).toEqual(['doing', undefined])
  })
})

describe('waiting', () => {
  it('gives the worker back between looks and goes on where it was', async () => {
    const looks: { waitedMs: number; looks: number }[] = []
    let before = 0
    const story: Story = async step => {
      await step('Before', () => void before++)
      const found = await step.until(
        'Wait',
        { every: '2s', atMost: '10m', waitsFor: 'vendor' },
        async look => {
          looks.push(look)
          return look.looks === 2 ? 'READY' : undefined
        },
      )
      return done(found)
    }

    const end = await turn(story)
    const turns = await untilEnd(story)

    expect(end).toEqual({ kind: 'parked', wakeAtMs: 1_800_000_002_000, waitsFor: 'vendor' })
    expect(turns).toBe(2)
    expect(looks).toEqual([
      { waitedMs: 0, looks: 0 },
      { waitedMs: 0, looks: 1 },
      { waitedMs: 2000, looks: 2 },
    ])
    expect(before).toBe(1)
    expect((await read()).ending).toEqual(done('READY'))
  })

  it('pauses longer each time, up to its limit, and looks a last time at the deadline', async () => {
    const waited: number[] = []
    const began = clock.now()

    await untilEnd(async step => {
      await step.until(
        'Wait',
        { every: '2s', growingTo: '4s', atMost: '14s', waitsFor: 'vendor' },
        async () => void waited.push(clock.now() - began),
      )
      return done()
    })

    expect(waited).toEqual([0, 2000, 5000, 9000, 13_000, 14_000])
    expect((await read()).failure).toMatchObject({
      code: 'run.timed-out',
      message: '"Wait" took longer than 14s.',
    })
    expect(await states()).toEqual(['Wait: failed'])
  })

  it('looks at the deadline even when a look before it took long', async () => {
    const story: Story = async step => {
      await step.until('Wait', { every: '30m', atMost: '60m', waitsFor: 'person' }, async () => {
        clock.moveTo(clock.now() + 60 * 60_000 + 5)
        return undefined
      })
      return done()
    }

    const end = await turn(story)

    expect(end).toMatchObject({ kind: 'parked', wakeAtMs: 1_800_000_000_000 + 60 * 60_000 })
  })

  it('lets the job say what a wait that was too long means', async () => {
    const asked: number[] = []

    await untilEnd(async step => {
      const how = await step.until(
        'Wait',
        {
          every: '10s',
          atMost: '10s',
          waitsFor: 'person',
          tooLong: async ({ waitedMs }) => {
            asked.push(waitedMs)
            return asked.length === 2 ? 'lapsed' : undefined
          },
        },
        async () => undefined,
      )
      return done(how)
    })

    expect(asked).toEqual([10_000, 20_000])
    expect(await read()).toMatchObject({ state: 'succeeded', ending: done('lapsed') })
  })

  it('takes a failed look for no look, and forgets the failures with the next good one', async () => {
    let looked = 0

    await untilEnd(async step => {
      await step.until('Wait', { every: '2s', atMost: '1h', waitsFor: 'vendor' }, async () => {
        looked += 1
        if (looked % 3 !== 0) throw later()
        return looked === 9 ? true : undefined
      })
      return done()
    })

    expect(looked).toBe(9)
    expect(await read()).toMatchObject({ state: 'succeeded', steps: [{ looks: 2, failure: null }] })
  })

  it('is not mistaken for an error by a job that catches', async () => {
    const heard: string[] = []
    const story: Story = async step => {
      try {
        await step.until('Wait', { every: '2s', atMost: '1m', waitsFor: 'vendor' }, async ({ looks }) =>
          looks === 1 ? true : undefined,
        )
        await step('Fail', () => {
          throw new BotError('ovh.denied', 'You may not.')
        })
      } catch {
        heard.push('catch')
      } finally {
        heard.push('finally')
      }
      return done()
    }

    const turns = await untilEnd(story)

    expect(turns).toBe(2)
    expect(heard).toEqual([])
    expect((await read()).state).toBe('failed')
  })
})

describe('trying again', () => {
  const retry: RetryPolicy = { attempts: 4, firstDelay: '2s', longestDelay: '5s' }
  const failing: Story = async step => {
    await step('Ask', () => {
      throw later()
    })
    return done()
  }

  it.each([
    [0, [1000, 2000, 2500]],
    [0.999_999, [2000, 4000, 5000]],
  ])(
    'doubles the pause, spreads it over the upper half (chance %d), and ends after all attempts',
    async (chance, pauses) => {
      const seen: number[] = []
      for (;;) {
        const end = await turn(failing, { retry, random: () => chance })
        if (end.kind !== 'parked') break
        seen.push(Math.round(end.wakeAtMs - clock.now()))
        expect(await states()).toEqual(['Ask: waiting'])
        clock.moveTo(end.wakeAtMs)
      }

      expect(seen).toEqual(pauses)
      expect(await read()).toMatchObject({
        state: 'failed',
        failure: { code: 'ovh.unreachable' },
        steps: [{ state: 'failed', tries: 4 }],
      })
    },
  )

  it('never tries sooner than the other side asked', async () => {
    const end = await turn(
      async step => {
        await step('Ask', () => {
          throw later(90_000)
        })
        return done()
      },
      { retry },
    )

    expect(end).toMatchObject({ kind: 'parked', wakeAtMs: clock.now() + 90_000 })
  })

  it('does not try sooner because somebody woke the run', async () => {
    let tries = 0
    const story: Story = async step => {
      await step('Ask', () => {
        tries += 1
        if (tries === 1) throw later(90_000)
      })
      return done()
    }
    const first = await turn(story, { retry })
    clock.moveTo(clock.now() + 30_000)

    const woken = await turn(story, { retry })

    expect(woken).toEqual(first)
    expect(tries).toBe(1)
    clock.moveTo(clock.now() + 60_000)
    await turn(story, { retry })
    expect(tries).toBe(2)
    expect((await read()).state).toBe('succeeded')
  })

  it('fails at once where trying again cannot help', async () => {
    const end = await turn(async step => {
      await step('Ask', () => {
        throw new BotError('input.invalid', 'That is no name.')
      })
      return done()
    })

    expect(end.kind).toBe('ended')
    expect(await read()).toMatchObject({ state: 'failed', failure: { message: 'That is no name.' } })
  })

  it('calls what nobody foresaw a bug, without its words', async () => {
    await turn(async step => {
      await step('Ask', () => {
        throw new TypeError('secret is undefined')
      })
      return done()
    })

    expect(JSON.stringify(await read())).not.toContain('secret is undefined')
    expect((await read()).failure).toMatchObject({ code: 'bug', details: { thrown: 'TypeError' } })
  })
})

describe('taking back', () => {
  interface World {
    story: Story
    undone: string[]
  }

  function world(undo: (title: string) => void = () => {}): World {
    const undone: string[] = []
    const taken = (title: string) => ({
      undo: async () => {
        undo(title)
        undone.push(title)
      },
    })
    return {
      undone,
      story: async step => {
        await step('One', () => 1, taken('One'))
        await step('Two', () => 2)
        await step('Three', () => 3, taken('Three'))
        await step('Four', () => 4, taken('Four'))
        await step('Five', () => {
          throw new BotError('ovh.denied', 'You may not.')
        })
        return done()
      },
    }
  }

  it('goes backwards over what was done, and says what it did', async () => {
    const { story, undone } = world()

    await turn(story)

    expect(undone).toEqual(['Four', 'Three', 'One'])
    expect(await states()).toEqual([
      'One: undone',
      'Two: done',
      'Three: undone',
      'Four: undone',
      'Five: failed',
    ])
    expect(await read()).toMatchObject({ state: 'failed', failure: { message: 'You may not.' } })
  })

  it('is told what the step had answered, also when another worker does it', async () => {
    let undoneWith: unknown
    const story: Story = async step => {
      await step('Make', () => ({ id: 'a' }), {
        undo: async result => {
          undoneWith = result
        },
      })
      await step('Fail', () => {
        throw new BotError('ovh.denied', 'You may not.')
      })
      return done()
    }
    const hooks = diesAt('Make')
    void turn(story, { hooks })
    await hooks.died

    await turn(story)

    expect(undoneWith).toEqual({ id: 'a' })
  })

  it('goes on where it was when the worker dies in the middle', async () => {
    let dies = true
    const { story, undone } = world(title => {
      if (title === 'Three' && dies) {
        dies = false
        throw new BotError('store.unavailable', 'Cut off.')
      }
    })
    const end = await turn(story)
    expect(await states()).toEqual(['One: done', 'Two: done', 'Three: done', 'Four: undone', 'Five: failed'])
    expect((await read()).state).toBe('undoing')

    clock.moveTo(end.kind === 'parked' ? end.wakeAtMs : 0)
    await turn(story)

    expect(undone).toEqual(['Four', 'Three', 'One'])
    expect((await read()).state).toBe('failed')
    expect((await read()).failure?.message).toBe('You may not.')
  })

  it('goes on after a death before anything was taken back', async () => {
    const { story, undone } = world()
    const broken: RunStore = {
      ...runs,
      change: (id, epoch, change) => {
        if (change.step?.state === 'undone') throw new Error('the process is gone')
        return runs.change(id, epoch, change)
      },
    }
    await expect(turn(story, { store: broken })).rejects.toThrow('the process is gone')
    expect(undone).toEqual(['Four'])

    await turn(story)

    expect(undone).toEqual(['Four', 'Four', 'Three', 'One'])
    expect((await read()).state).toBe('failed')
  })

  it('tries an undo again that may pass, and counts its tries anew', async () => {
    let tries = 0
    const story: Story = async step => {
      await step(
        'Make',
        ({ again }) => {
          if (!again) throw later()
        },
        {
          undo: async () => {
            tries += 1
            if (tries < 3) throw later()
          },
        },
      )
      await step('Fail', () => {
        throw new BotError('ovh.denied', 'You may not.')
      })
      return done()
    }

    const turns = await untilEnd(story, { retry: { attempts: 3, firstDelay: '2s', longestDelay: '1m' } })

    expect(tries).toBe(3)
    expect(turns).toBe(4)
    expect(await states()).toEqual(['Make: undone', 'Fail: failed'])
  })

  it('says which undo did not work and goes on with the others', async () => {
    const { story, undone } = world(title => {
      if (title === 'Three') throw new BotError('ovh.denied', 'Nobody may.')
    })

    await turn(story)

    expect(undone).toEqual(['Four', 'One'])
    const three = (await read()).steps.find(step => step.title === 'Three')
    expect(three).toMatchObject({ state: 'undo-failed', failure: { message: 'Nobody may.' } })
    expect((await read()).state).toBe('failed')
  })

  it('takes back when the job breaks between two steps', async () => {
    const undone: string[] = []
    const failures: string[] = []

    await turn(
      async step => {
        await step('One', () => 1, { undo: async () => void undone.push('One') })
        throw new RangeError('no such month')
      },
      { failures },
    )

    expect(undone).toEqual(['One'])
    expect(failures).toEqual(['between two steps: Something broke here.'])
    expect(await read()).toMatchObject({
      state: 'failed',
      failure: { code: 'bug' },
      steps: [{ state: 'undone' }],
    })
  })

  it('does not end well after it has failed, even when the job would now', async () => {
    const undone: string[] = []
    let breaks = true
    const story: Story = async step => {
      await step('One', () => 1, {
        undo: async () => {
          if (breaks) throw later()
          undone.push('One')
        },
      })
      if (breaks) throw new BotError('ovh.denied', 'You may not.')
      return done()
    }
    const end = await turn(story)
    breaks = false
    clock.moveTo(end.kind === 'parked' ? end.wakeAtMs : 0)

    await turn(story)

    expect(undone).toEqual(['One'])
    expect(await read()).toMatchObject({
      state: 'failed',
      ending: null,
      failure: { message: 'You may not.' },
    })
  })
})

describe('two workers', () => {
  it('stops the one whose run another has claimed since', async () => {
    const acts: string[] = []
    const story =
      (who: string): Story =>
      async step => {
        await step('One', () => void acts.push(`${who} one`))
        await step('Two', () => void acts.push(`${who} two`))
        return done(who)
      }
    const hooks = diesAt('One')
    const stalled = turn(story('first'), { hooks })
    await hooks.died
    await turn(story('second'))

    hooks.wakeUp()

    expect(await stalled).toEqual({ kind: 'lost' })
    expect(acts).toEqual(['first one', 'second one', 'second two'])
    expect((await read()).ending).toEqual(done('second'))
  })

  it('lets the one go that wants to, before its next step', async () => {
    let wantsToGo = false
    const acts: string[] = []
    const story: Story = async step => {
      await step('One', () => {
        acts.push('one')
        wantsToGo = true
      })
      await step('Two', () => void acts.push('two'))
      return done()
    }

    const end = await turn(story, { leaving: () => wantsToGo })

    expect(end).toMatchObject({ kind: 'parked', wakeAtMs: clock.now() })
    expect(acts).toEqual(['one'])
    await turn(story)
    expect(acts).toEqual(['one', 'two'])
    expect((await read()).state).toBe('succeeded')
  })
})

describe('when the store breaks', () => {
  it.each(['remembering', 'beginning'])('breaks off in %s, without a failure of the run', async moment => {
    const acts: string[] = []
    let breaks = true
    const broken: RunStore = {
      ...runs,
      change: (id, epoch, change) => {
        const now = change.state === 'running' && !change.step ? 'beginning' : 'remembering'
        if (!breaks || now !== moment) return runs.change(id, epoch, change)
        breaks = false
        return Promise.reject(new BotError('store.unavailable', 'Redis is gone.'))
      },
    }
    const failures: string[] = []
    const story: Story = async step => {
      try {
        await step('One', () => void acts.push('one'))
      } catch {
        acts.push('caught')
      }
      return done()
    }

    await expect(turn(story, { store: broken, failures })).rejects.toThrow('Redis is gone.')
    await turn(story, { store: broken })

    expect(acts).toEqual(moment === 'beginning' ? ['one'] : ['one', 'one'])
    expect(failures).toEqual([])
    expect(await read()).toMatchObject({ state: 'succeeded', failure: null })
  })
})

describe('mistakes of a job', () => {
  it('refuses two steps of one title', async () => {
    await turn(async step => {
      await step('One', () => 1)
      await step('One', () => 2).catch(() => {})
      return done()
    })

    const run = await read()
    expect(run.failure).toMatchObject({ code: 'bug', message: 'Two steps are called "One".' })
    expect(run.steps.map(({ result }) => result)).toEqual([1])
  })

  it('refuses a step within a step, and two at once', async () => {
    await turn(async step => {
      await Promise.all([step('One', () => new Promise(() => {})), step('Two', () => 2)])
      return done()
    })

    expect((await read()).failure?.message).toBe('"Two" begins while "One" is under way.')
  })
})

describe('whatever happens', () => {
  interface Piece {
    kind: 'step' | 'until'
    looksFirst: boolean
    /** Failed tries before it works, or looks before there is something to see. */
    before: number
    /** In its first turn: the worker dies, or stalls and wakes up when all is over, or its store breaks. */
    accident: 'none' | 'dies' | 'stalls' | 'breaks'
  }
  const piece = fc.record<Piece>({
    kind: fc.constantFrom('step', 'until'),
    looksFirst: fc.boolean(),
    before: fc.nat(2),
    accident: fc.constantFrom('none', 'none', 'dies', 'stalls', 'breaks'),
  })

  it('each step is remembered once and in order, and one that looks first acts once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async pieces => {
        runId = await newRun()
        const made = new Map<string, string[]>()
        const acts = (title: string) => made.get(title) ?? []
        const tries = new Map<string, number>()
        const due = new Set(pieces.map((_, i) => `Step ${i}`))
        const stalled: { turn: Promise<TurnEnd>; wakeUp: () => void }[] = []

        const story: Story = async step => {
          const answers: string[] = []
          for (const [i, { kind, looksFirst, before }] of pieces.entries()) {
            const title = `Step ${i}`
            const make = () => {
              const made_ = [...acts(title), `${title} made ${acts(title).length}`]
              made.set(title, made_)
              return made_.at(-1)!
            }
            if (kind === 'until') {
              const options = { every: '2s', atMost: '1h', waitsFor: 'vendor' } as const
              answers.push(
                await step.until(title, options, async ({ looks }) => (looks >= before ? make() : undefined)),
              )
            } else {
              const act = ({ again }: { again: boolean }) => {
                const tried = (tries.get(title) ?? 0) + 1
                tries.set(title, tried)
                if (tried <= before) throw later()
                return (looksFirst && again && acts(title)[0]) || make()
              }
              answers.push(await step(title, act, { looksFirst }))
            }
          }
          return done(...answers)
        }

        for (let turns = 0; turns < 60; turns++) {
          const hooks = accidentsOf(title => {
            if (!due.delete(title)) return 'none'
            return pieces[Number(title.slice(5))]!.accident
          })
          const taken = turn(story, { hooks, retry: { attempts: 5, firstDelay: '1s', longestDelay: '2s' } })
          const end = await Promise.race([taken, hooks.gone]).catch(() => 'broke' as const)
          if (end === 'gone') stalled.push({ turn: taken, wakeUp: hooks.wakeUp })
          else if (end !== 'broke' && end.kind === 'parked') clock.moveTo(end.wakeAtMs)
          else if (end !== 'broke') break
        }
        for (const { wakeUp } of stalled) wakeUp()
        for (const { turn } of stalled) expect(await turn).toEqual({ kind: 'lost' })

        const run = await read()
        expect(run.state).toBe('succeeded')
        expect(run.steps.map(({ title, position }) => [title, position])).toEqual(
          pieces.map((_, i) => [`Step ${i}`, i]),
        )
        expect(run.ending?.lines).toEqual(run.steps.map(({ result }) => result))
        for (const [i, { kind, looksFirst, accident }] of pieces.entries()) {
          const times = acts(`Step ${i}`).length
          const once = accident === 'none' || (kind === 'step' && looksFirst)
          expect(times).toBe(once ? 1 : 2)
        }
      }),
      { numRuns: 40 },
    )
  })

  function accidentsOf(at: (title: string) => Piece['accident']) {
    let gone!: (how: 'gone') => void
    let wakeUp!: () => void
    const asleep = new Promise<void>(resolve => {
      wakeUp = resolve
    })
    return {
      gone: new Promise<'gone'>(resolve => {
        gone = resolve
      }),
      wakeUp: () => wakeUp(),
      async beforeRemember(title: string) {
        const accident = at(title)
        if (accident === 'none') return
        if (accident === 'breaks') throw new Error('the store broke')
        gone('gone')
        await asleep
      },
    }
  }
})
