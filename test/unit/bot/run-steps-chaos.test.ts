/** Random runs with random accidents: whatever happens, each step is remembered once and in order. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TurnEnd } from '../../../src/bot/run-steps.js'
import { done, later, type Story, turnBench } from './turns.js'

const bench = turnBench()
const { turn, read } = bench

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
        await bench.restart()
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
          else if (end !== 'broke' && end.kind === 'parked') bench.clock.moveTo(end.wakeAtMs)
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
