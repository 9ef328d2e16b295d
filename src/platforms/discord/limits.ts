/** Every number that Discord imposes on what we send, with its page (read 2026-11). */

/** https://docs.discord.com/developers/resources/message and …/components/reference */
export const MESSAGE = {
  /** Over all Text Displays of a message together. */
  textChars: 4000,
  /** Nested ones included. */
  components: 40,
  buttonsPerRow: 5,
  buttonLabelChars: 80,
  customIdChars: 100,
  attachments: 10,
  nonceChars: 25,
} as const

/** https://docs.discord.com/developers/interactions/application-commands */
export const COMMAND = {
  nameChars: 32,
  descriptionChars: 100,
  /** Options of a command; also sub-commands and groups at the top, and sub-commands in a group. */
  options: 25,
  choices: 25,
  choiceChars: 100,
  stringChars: 6000,
  /** Names, descriptions and values of one whole command. */
  wholeChars: 8000,
} as const

/** https://docs.discord.com/developers/components/reference (Modal, Label, Text Input) */
export const MODAL = {
  titleChars: 45,
  labels: 5,
  labelChars: 45,
  descriptionChars: 100,
  inputChars: 4000,
} as const

/** https://docs.discord.com/developers/resources/channel#start-thread-from-message */
export const THREAD = { nameChars: 100, archiveAfterMinutes: 10_080 } as const

/** https://docs.discord.com/developers/interactions/receiving-and-responding */
export const INTERACTION = {
  /** An autocomplete is answered within 3 s or never; the rest is for the way. */
  completeWithinMs: 2500,
  /** A token works for 15 min; the rest is for the way and for clocks that differ. */
  tokenLivesMs: 15 * 60_000 - 15_000,
} as const

/** https://docs.discord.com/developers/resources/channel#get-channel-messages */
export const HISTORY = { pageSize: 100 } as const
