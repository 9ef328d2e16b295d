/** What people choose for a channel: thresholds, quiet hours, or no reminders at all. */
import { z } from 'zod'
import { defineJob } from '../src/core/index.js'

const quietHours = z.object({ from: z.number(), to: z.number(), timeZone: z.string() })

export const setReminders = defineJob({
  name: 'set-reminders',
  input: z.object({
    /** As the policy names it: `slack:C00OPS`. */
    place: z.string(),
    /** `null`: as the policy says. */
    choice: z.object({ beforeMs: z.array(z.number()), quiet: quietHours.nullable() }).nullable(),
  }),
  title: () => 'Change the reminders of a channel',
  card: 'hidden',

  async run({ input, step, reminders, requester, clock, wake }) {
    const { place, choice } = input
    await step('Note the choice', () =>
      reminders.choose(
        place,
        choice && {
          ...choice,
          by: requester.person ?? requester.name,
          at: new Date(clock.now()).toISOString(),
        },
      ),
    )
    await step('Go by it', () => wake('remind'))
    return { outcome: 'done', lines: ['The channel is reminded as chosen.'] }
  },
})
