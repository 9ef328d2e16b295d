/**
 * What Slack sends us, parsed at the door: only the fields we use.
 * https://docs.slack.dev/reference/interaction-payloads, https://docs.slack.dev/interactivity/implementing-slash-commands
 */
import { z } from 'zod'

const optional = z
  .string()
  .nullish()
  .transform(text => text ?? null)
const withId = z
  .object({ id: z.string() })
  .nullish()
  .transform(thing => thing?.id ?? null)

export const commandPayload = z.object({
  team_id: z.string(),
  enterprise_id: optional,
  user_id: z.string(),
  user_name: z.string().default(''),
  channel_id: z.string(),
  channel_name: z.string().default(''),
  text: z.string().default(''),
  trigger_id: z.string(),
  response_url: z.string(),
})

const user = z.object({
  id: z.string(),
  username: z.string().optional(),
  name: z.string().optional(),
  team_id: optional,
})

export const actionPayload = z.object({
  trigger_id: z.string(),
  team: withId,
  enterprise: withId,
  user,
  channel: z.object({ id: z.string(), name: z.string().default('') }).nullish(),
  container: z
    .object({ channel_id: z.string().optional(), message_ts: z.string().optional(), thread_ts: optional })
    .prefault({}),
  message: z.object({ ts: z.string().optional(), thread_ts: optional }).nullish(),
  response_url: optional,
  actions: z
    .array(
      z.object({ action_id: z.string(), value: z.string().default(''), action_ts: z.string().optional() }),
    )
    .min(1),
})

const upload = z.object({ id: z.string() })

export const stateValue = z.object({
  type: z.string(),
  value: z.string().nullish(),
  selected_option: z.object({ value: z.string() }).nullish(),
  files: z.array(upload).nullish(),
})

export const submissionPayload = z.object({
  team: withId,
  enterprise: withId,
  user,
  view: z.object({
    id: z.string(),
    callback_id: z.string(),
    private_metadata: z.string(),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), stateValue)) }),
  }),
})

export type StateValues = z.infer<typeof submissionPayload>['view']['state']['values']

export const mentionPayload = z.object({
  team_id: z.string(),
  enterprise_id: optional,
  event_id: z.string(),
  event: z.object({
    type: z.literal('app_mention'),
    /** Absent where another app speaks. */
    user: z.string().optional(),
    bot_id: z.string().optional(),
    subtype: z.string().optional(),
    team: optional,
    user_team: optional,
    text: z.string(),
    channel: z.string(),
    ts: z.string(),
    thread_ts: optional,
  }),
})
