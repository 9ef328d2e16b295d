/** Steps that survive: what is remembered, how a run waits, when a step is tried again. */
import { describe, expect, it } from 'vitest'
import { BotError } from '../../../src/core/errors.js'
import type { RetryPolicy } from '../../../src/core/job.js'
import { diesAt, done, later, type Story, turnBench } from './turns.js'

const bench = turnBench()
const { turn, untilEnd, read, states, stateOf } = bench

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
    bench.clock.moveTo(end.kind === 'parked' ? end.wakeAtMs : 0)
    await turn(story)
    seen.push((await read()).state)

    expect(seen).toEqual(['queued', 'running', 'waiting', 'running', 'stopped'])
    expect((await read()).endedAtMs).toBe(bench.clock.now())
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
    const began = bench.clock.now()

    await untilEnd(async step => {
      await step.until(
        'Wait',
        { every: '2s', growingTo: '4s', atMost: '14s', waitsFor: 'vendor' },
        async () => void waited.push(bench.clock.now() - began),
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
        bench.clock.moveTo(bench.clock.now() + 60 * 60_000 + 5)
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
        seen.push(Math.round(end.wakeAtMs - bench.clock.now()))
        expect(await states()).toEqual(['Ask: waiting'])
        bench.clock.moveTo(end.wakeAtMs)
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

    expect(end).toMatchObject({ kind: 'parked', wakeAtMs: bench.clock.now() + 90_000 })
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
    bench.clock.moveTo(bench.clock.now() + 30_000)

    const woken = await turn(story, { retry })

    expect(woken).toEqual(first)
    expect(tries).toBe(1)
    bench.clock.moveTo(bench.clock.now() + 60_000)
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
