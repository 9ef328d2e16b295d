/** What cannot be taken back waits for a word of the one who asked: what it means, two buttons, a quarter of an hour. */
import {
  BotError,
  type JobContext,
  lines,
  type PressContext,
  personOf,
  type Reply,
  type Text,
} from '../../src/core/index.js'

/** Without a word from whoever asked, nothing happens. */
const WORD_WITHIN = '15m'
const QUESTION = 'confirm'

export interface Confirmation {
  /** What would be done, and what that means. */
  asks: Text[]
  yes: { press: string; label: string; said: string }
  no: { press: string; label: string; said: string }
}

/** Asks in the thread of the run. `false`: the answer was no, or none came. */
export async function confirmed(job: JobContext<unknown>, { asks, yes, no }: Confirmation): Promise<boolean> {
  const question: Reply = {
    kind: 'text',
    mark: 'warning',
    lines: asks,
    buttons: [
      { press: yes.press, label: yes.label, subject: job.runId, style: 'danger' },
      { press: no.press, label: no.label, subject: job.runId },
    ],
  }
  await job.step('Ask whether it is meant', () => job.tell('word', job.thread, question))
  const word = await job.step.until<string>(
    'Wait for the word',
    {
      every: WORD_WITHIN,
      atMost: WORD_WITHIN,
      waitsFor: 'person',
      note: said => (said === 'yes' ? null : said === 'no' ? 'kept' : 'nobody said anything'),
      tooLong: async () => 'nothing',
    },
    async () => (await job.answers.to(job.runId, QUESTION))?.answer,
  )
  await job.step('Note the word', () =>
    job.tell('word', job.thread, lines(word === 'yes' ? yes.said : no.said)),
  )
  return word === 'yes'
}

/** The button of such a question, pressed. @throws BotError `input.not-found`, `access.denied`, `state.conflict` */
export async function sayWord(
  { subject, run, actor, answer, reply }: PressContext,
  word: 'yes' | 'no',
  then: Text,
): Promise<void> {
  const asked = await run(subject)
  if (!asked) throw new BotError('input.not-found', 'This question is not known any more.')
  if (personOf(asked.requester) !== personOf(actor)) {
    throw new BotError('access.denied', 'Only the one who asked for it can say so.')
  }
  if (asked.endedAtMs !== null || !(await answer(subject, QUESTION, word))) {
    throw new BotError('state.conflict', 'This has been answered already.')
  }
  await reply.show(lines(then))
}
