/** Every number Slack imposes, with its page. Those marked "ours" are what reads well below the vendor's limit. */

/** https://docs.slack.dev/reference/block-kit/blocks and https://docs.slack.dev/reference/block-kit/block-elements */
export const BLOCKS = {
  blocksPerMessage: 50,
  /** Ours: kept free for what is said around a reply, such as where its files are. */
  blocksForNotes: 2,
  textObjectChars: 3000,
  sectionFields: 10,
  sectionFieldChars: 2000,
  buttonsPerBlock: 25,
  buttonLabelChars: 75,
  selectOptions: 100,
  optionChars: 75,
  inputLabelChars: 2000,
  plainInputChars: 3000,
} as const

/** https://docs.slack.dev/reference/block-kit/blocks/table-block; one table in a message. */
export const TABLE = {
  columns: 20,
  /** All cells together. */
  chars: 10_000,
  /** Ours, of the 100 that Slack takes: what one reads in a conversation; the rest stands in the file. */
  rowsShown: 20,
  /** Ours. */
  cellChars: 200,
} as const

/** https://docs.slack.dev/reference/views */
export const VIEW = {
  titleChars: 24,
  buttonChars: 24,
  blocks: 100,
  privateMetadataChars: 3000,
} as const

/** https://docs.slack.dev/reference/methods/chat.postMessage and https://docs.slack.dev/reference/methods/chat.update */
export const MESSAGE = {
  /** `chat.update` refuses more (`msg_too_long`), `chat.postMessage` cuts at ten times as much. */
  textChars: 4000,
  /** About one message a second in a channel. https://docs.slack.dev/apis/web-api/rate-limits */
  paceMs: 1000,
} as const

/** https://docs.slack.dev/interactivity/handling-user-interaction#message_responses */
export const RESPONSE_URL = { uses: 5, lifeMs: 30 * 60_000 } as const

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const SIGNATURE = {
  oldestMs: 5 * 60_000,
  /** Ours: how far our clock may be behind Slack's. */
  futureMs: 60_000,
} as const

/** Ours: how much of a request is read before it is known to be Slack's. Views are at most 250 kB, and forms are URL-encoded. */
export const REQUEST_BYTES = 1_000_000

/** Ours; `usergroups.list` may be called about 20 times a minute. */
export const GROUPS = { keptMs: 60_000, keptAfterFailureMs: 5_000 } as const
