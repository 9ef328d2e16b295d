/**
 * Every key of ours in Redis, in one table. The braces keep all of them, and BullMQ's, in one slot of a Redis Cluster.
 *
 * | key                     | type   | owner          | lives                        | sealed data |
 * |-------------------------|--------|----------------|------------------------------|-------------|
 * | run:<id>                | hash   | runs.ts        | 90 days after its end        | no          |
 * | runs:open               | zset   | runs.ts        | for ever, entries until end  | no          |
 * | runs:failed             | zset   | runs.ts        | for ever, entries 90 days    | no          |
 * | start:<key>             | string | runs.ts        | 90 days                      | no          |
 * | ask:<id>                | string | asks.ts        | 10 minutes                   | no          |
 * | seen:<interaction>      | string | asks.ts        | 1 hour; 10 s while in hand   | no          |
 * | message:<key>           | hash   | outbox.ts      | 90 days after the last write | no          |
 * | lane:<platform>:<id>    | zset   | outbox.ts      | while it has entries         | no          |
 * | lane-state:<platform>:… | hash   | outbox.ts      | 1 day                        | no          |
 * | lanes:<platform>        | set    | outbox.ts      | for ever, entries while full | no          |
 * | vault:<runId>           | hash   | vault.ts       | 2 days at most               | yes         |
 * | vault:interaction-<id>  | hash   | vault.ts       | 15 minutes                   | yes         |
 * | delivery:<runId>        | hash   | deliveries.ts  | 90 days                      | no          |
 * | deliveries:<person>     | set    | deliveries.ts  | 90 days, swept when read     | no          |
 * | ledger                  | hash   | ledger.ts      | for ever, fields until forgotten | no      |
 * | ledger:forgotten        | zset   | ledger.ts      | for ever, entries for 1 day  | no          |
 * | ledger:syncs            | hash   | ledger.ts      | for ever                     | no          |
 * | reminders               | zset   | ledger.ts      | as the ledger                | no          |
 * | reminders:unsaid        | hash   | reminders.ts   | fields until said            | no          |
 * | reminders:count         | string | reminders.ts   | for ever                     | no          |
 * | reminders:rules         | string | reminders.ts   | for ever                     | no          |
 * | reminders:choices       | hash   | reminders.ts   | for ever, fields until taken back | no     |
 * | digest:<number>         | string | reminders.ts   | 90 days                      | no          |
 * | key-servers:<cloud>     | hash   | ledger.ts      | until forgotten              | no          |
 * | beats                   | hash   | beats.ts       | for ever, overwritten        | no          |
 * | findings                | hash   | findings.ts    | until healed                 | no          |
 * | answers:<runId>         | hash   | answers.ts     | 400 days                     | no          |
 * | request:<runId>         | hash   | approvals.ts   | 90 days                      | no          |
 * | votes:<runId>           | hash   | approvals.ts   | 90 days                      | no          |
 * | requests:pending        | zset   | approvals.ts   | for ever, entries until over | no          |
 * | audit                   | stream | audit.ts       | for ever, only added to      | no          |
 * | turn:<what>             | string | alone.ts       | 6 s, kept alive              | no          |
 * | ovh-rate                | hash   | rate-limiter.ts| 1 hour                       | no          |
 * | policy                  | hash   | policy.ts      | for ever                     | no          |
 * | inventory:<kind>        | hash   | inventory.ts   | for ever, overwritten        | no          |
 *
 * BullMQ keeps its queues under `{okms}:q:`; job data holds ids alone.
 */

export const PREFIX = '{okms}'
/** BullMQ's `prefix` option. */
export const QUEUE_PREFIX = `${PREFIX}:q`

export const keys = {
  run: (runId: string) => `${PREFIX}:run:${runId}`,
  openRuns: `${PREFIX}:runs:open`,
  failedRuns: `${PREFIX}:runs:failed`,
  start: (startKey: string) => `${PREFIX}:start:${startKey}`,
  ask: (askId: string) => `${PREFIX}:ask:${askId}`,
  seen: (id: string) => `${PREFIX}:seen:${id}`,
  message: (key: string) => `${PREFIX}:message:${key}`,
  lane: (lane: string) => `${PREFIX}:lane:${lane}`,
  laneState: (lane: string) => `${PREFIX}:lane-state:${lane}`,
  lanes: (platform: string) => `${PREFIX}:lanes:${platform}`,
  vault: (runId: string) => `${PREFIX}:vault:${runId}`,
  delivery: (runId: string) => `${PREFIX}:delivery:${runId}`,
  openDeliveries: (person: string) => `${PREFIX}:deliveries:${person}`,
  keyServers: (cloud: string) => `${PREFIX}:key-servers:${cloud}`,
  ledger: `${PREFIX}:ledger`,
  forgotten: `${PREFIX}:ledger:forgotten`,
  syncs: `${PREFIX}:ledger:syncs`,
  reminders: `${PREFIX}:reminders`,
  unsaid: `${PREFIX}:reminders:unsaid`,
  saidCount: `${PREFIX}:reminders:count`,
  reminderRules: `${PREFIX}:reminders:rules`,
  reminderChoices: `${PREFIX}:reminders:choices`,
  digest: (number: number) => `${PREFIX}:digest:${number}`,
  beats: `${PREFIX}:beats`,
  findings: `${PREFIX}:findings`,
  answers: (runId: string) => `${PREFIX}:answers:${runId}`,
  request: (runId: string) => `${PREFIX}:request:${runId}`,
  votes: (runId: string) => `${PREFIX}:votes:${runId}`,
  pendingRequests: `${PREFIX}:requests:pending`,
  audit: `${PREFIX}:audit`,
  turn: (what: string) => `${PREFIX}:turn:${what}`,
  ovhRate: `${PREFIX}:ovh-rate`,
  policy: `${PREFIX}:policy`,
  inventory: (kind: string) => `${PREFIX}:inventory:${kind}`,
} as const
