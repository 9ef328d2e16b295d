/** Runs that fail: what is taken back, by whom, and what a broken store or a mistake of a job does not break. */
import { describe, expect, it } from 'vitest'
import { BotError } from '../../../src/core/errors.js'
import { kept } from '../../../src/core/job.js'
import type { RunStore } from '../../../src/core/ports/runs.js'
import { diesAt, done, later, type Story, turnBench } from './turns.js'

const bench = turnBench()
const { turn, untilEnd, read, states } = bench

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

    bench.clock.moveTo(end.kind === 'parked' ? end.wakeAtMs : 0)
    await turn(story)

    expect(undone).toEqual(['Four', 'Three', 'One'])
    expect((await read()).state).toBe('failed')
    expect((await read()).failure?.message).toBe('You may not.')
  })

  it('goes on after a death before anything was taken back', async () => {
    const { story, undone } = world()
    const broken: RunStore = {
      ...bench.runs,
      change: (id, epoch, change) => {
        if (change.step?.state === 'undone') throw new Error('the process is gone')
        return bench.runs.change(id, epoch, change)
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

  it('leaves what its undo says must stay, and takes the rest back', async () => {
    const undone: string[] = []
    await turn(async step => {
      await step('One', () => 1, { undo: async () => void undone.push('One') })
      await step('Buy', () => 2, { undo: async () => kept('paid for') })
      await step('Fail', () => {
        throw new BotError('ovh.denied', 'You may not.')
      })
      return done()
    })

    expect(undone).toEqual(['One'])
    expect(await states()).toEqual(['One: undone', 'Buy: kept', 'Fail: failed'])
    expect((await read()).steps[1]).toMatchObject({ result: 2, note: 'paid for' })
  })

  it('ends a run that was given up, at the step where it stands', async () => {
    const undone: string[] = []
    const story: Story = async step => {
      await step('One', () => 1, { undo: async () => void undone.push('One') })
      await step.until('Wait', { every: '1h', atMost: '9h', waitsFor: 'person' }, async () => undefined)
      return done()
    }
    await turn(story)
    await bench.runs.deal(await read(), { abandoned: { by: 'Bo' } })

    await turn(story)

    expect(undone).toEqual(['One'])
    expect(await states()).toEqual(['One: undone', 'Wait: waiting'])
    expect(await read()).toMatchObject({
      state: 'failed',
      failure: { code: 'run.abandoned', message: 'Bo gave it up.' },
    })
  })

  it('goes no further than the step under way when it is given up', async () => {
    const acts: string[] = []
    await turn(async step => {
      await step('Look at the price', async () => {
        acts.push('looked')
        await bench.runs.deal(await read(), { abandoned: { by: 'Bo' } })
      })
      await step('Buy it', () => void acts.push('bought'))
      return done()
    })

    expect(acts).toEqual(['looked'])
    expect(await read()).toMatchObject({ state: 'failed', failure: { code: 'run.abandoned' } })
  })

  it.each(['is given up', 'fails for good'])(
    'takes back what a step in doubt may have done, when the run %s',
    async how => {
      const world: string[] = []
      const story: Story = async step => {
        await step(
          'Register',
          () => {
            world.push('registered')
            throw later()
          },
          { looksFirst: true, undoInDoubt: async () => void world.splice(0) },
        )
        return done()
      }
      const end = await turn(story, {
        retry: { attempts: how === 'is given up' ? 3 : 1, firstDelay: '2s', longestDelay: '5m' },
      })
      if (how === 'is given up') {
        expect(end.kind).toBe('parked')
        await bench.runs.deal(await read(), { abandoned: { by: 'Bo' } })
        await turn(story)
      }

      expect(world).toEqual([])
      expect((await read()).state).toBe('failed')
      expect(await states()).toEqual([how === 'is given up' ? 'Register: undone' : 'Register: failed'])
    },
  )

  it('says what was found of a step in doubt that failed, and that it stays', async () => {
    await turn(
      async step => {
        await step(
          'Register',
          () => {
            throw later()
          },
          { looksFirst: true, undoInDoubt: async () => kept('it is in use') },
        )
        return done()
      },
      { retry: { attempts: 1, firstDelay: '2s', longestDelay: '5m' } },
    )

    expect((await read()).steps[0]).toMatchObject({ state: 'failed', found: 'kept', note: 'it is in use' })
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
    bench.clock.moveTo(end.kind === 'parked' ? end.wakeAtMs : 0)

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

    expect(end).toMatchObject({ kind: 'parked', wakeAtMs: bench.clock.now() })
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
      ...bench.runs,
      change: (id, epoch, change) => {
        const now = change.state === 'running' && !change.step ? 'beginning' : 'remembering'
        if (!breaks || now !== moment) return bench.runs.change(id, epoch, change)
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
