/**
 * Modals: choosing a command, its options, and what a button asks for. Stateless: all that is needed to act on a submission
 * travels in the view's `private_metadata`, so that it works after a restart. https://docs.slack.dev/surfaces/modals
 */
import type { types } from '@slack/bolt'
import { z } from 'zod'
import type { CommandFace } from '../../core/command-face.js'
import type { Form, FormField } from '../../core/form.js'
import type { Option } from '../../core/option.js'
import type { Heard } from './commands.js'
import { BLOCKS, VIEW } from './limits.js'
import { plainText } from './mrkdwn.js'
import { conversationAt } from './place.js'
import { type StateValues, submissionPayload } from './schema.js'

/** What a submission is about. */
const purpose = z.discriminatedUnion('about', [
  z.object({ about: z.literal('choice') }),
  z.object({ about: z.literal('command'), command: z.string() }),
  z.object({ about: z.literal('press'), press: z.string(), subject: z.string() }),
])
export type Purpose = z.infer<typeof purpose>

/** Where the form was opened; short names, since there is room for 3000 characters. */
const origin = z.object({
  channel: z.string(),
  name: z.string(),
  thread: z.string().nullable(),
  respond: z.string().nullable(),
  replace: z.boolean(),
})
const carried = z.object({ purpose, origin })

export const FORM_CALLBACK = 'okms-form'
const CHOSEN = 'command'
const VALUE = 'value'
/** The block in which a file is pasted instead of uploaded. */
const PASTED = '.pasted'
const FILE_TYPES = ['pem', 'csr', 'req', 'txt', 'key', 'json', 'jwk']

export function encodeChoice(commands: readonly CommandFace[], heard: Heard): types.ModalView {
  const options = commands.slice(0, BLOCKS.selectOptions).map(({ name, summary }) => ({
    text: plainText(`${name} · ${summary}`, BLOCKS.optionChars),
    value: name,
  }))
  const select: types.InputBlock = {
    type: 'input',
    block_id: CHOSEN,
    label: plainText('What should the bot do?', BLOCKS.inputLabelChars),
    element: { type: 'static_select', action_id: VALUE, options },
  }
  return modal('OKMS', 'Continue', [select], { about: 'choice' }, heard)
}

export function encodeCommandForm(command: CommandFace, heard: Heard): types.ModalView {
  const blocks = Object.entries(command.options).flatMap(([name, option]) => optionBlocks(name, option))
  return modal(`/okms ${command.name}`, 'Go', blocks, { about: 'command', command: command.name }, heard)
}

export function encodePressForm(form: Form, press: { press: string; subject: string }, heard: Heard) {
  return modal(form.title, 'Send', form.fields.flatMap(fieldBlocks), { about: 'press', ...press }, heard)
}

function modal(
  title: string,
  submit: string,
  blocks: types.InputBlock[],
  about: Purpose,
  { spot, conversation, responseUrl, mayReplace }: Heard,
): types.ModalView {
  const carries: z.infer<typeof carried> = {
    purpose: about,
    origin: {
      channel: spot.channel,
      name: conversation.name.replace(/^#/, ''),
      thread: spot.threadTs,
      respond: responseUrl,
      replace: mayReplace,
    },
  }
  return {
    type: 'modal',
    callback_id: FORM_CALLBACK,
    title: plainText(title, VIEW.titleChars),
    submit: plainText(submit, VIEW.buttonChars),
    close: plainText('Cancel', VIEW.buttonChars),
    private_metadata: metadata(carries),
    blocks: blocks.slice(0, VIEW.blocks),
  }
}

/** An address to answer at that is too long to carry is left out: the answer finds another way. */
function metadata(carries: z.infer<typeof carried>): string {
  const text = JSON.stringify(carries)
  if (text.length <= VIEW.privateMetadataChars) return text
  return JSON.stringify({ ...carries, origin: { ...carries.origin, respond: null } })
}

function optionBlocks(name: string, option: Option<unknown>): types.InputBlock[] {
  const { kind, summary, required, choices, maxLength } = option
  if (kind === 'file') return fileBlocks(name, name, summary, maxLength)
  return [
    {
      ...labelled(name, name, summary, required),
      element: choices
        ? {
            type: 'static_select',
            action_id: VALUE,
            options: choices.map(choice => ({ text: plainText(choice, BLOCKS.optionChars), value: choice })),
          }
        : textInput(maxLength, false),
    },
  ]
}

function fieldBlocks({ name, label, kind, required, hint, maxLength }: FormField): types.InputBlock[] {
  const longest = maxLength ?? BLOCKS.plainInputChars
  if (kind === 'file') return fileBlocks(name, label, hint, longest)
  return [{ ...labelled(name, label, hint, required), element: textInput(longest, kind === 'lines') }]
}

/** One of the two is filled in; which of them Slack cannot say, so both are optional there. */
function fileBlocks(name: string, label: string, hint: string | undefined, maxLength: number) {
  const uploaded: types.InputBlock = {
    ...labelled(name, label, hint, false),
    element: { type: 'file_input', action_id: VALUE, filetypes: FILE_TYPES, max_files: 1 },
  }
  const pasted: types.InputBlock = {
    ...labelled(`${name}${PASTED}`, `${label}, pasted`, 'Instead of uploading it.', false),
    element: textInput(maxLength, true),
  }
  return [uploaded, pasted]
}

const labelled = (name: string, label: string, hint: string | undefined, required: boolean) => ({
  type: 'input' as const,
  block_id: name,
  label: plainText(label, BLOCKS.inputLabelChars),
  optional: !required,
  ...(hint === undefined ? {} : { hint: plainText(hint, BLOCKS.inputLabelChars) }),
})

const textInput = (maxLength: number, multiline: boolean): types.PlainTextInput => ({
  type: 'plain_text_input',
  action_id: VALUE,
  multiline,
  max_length: Math.min(maxLength, BLOCKS.plainInputChars),
})

export interface Submitted {
  heard: Heard
  purpose: Purpose
  /** What was typed or chosen; what was left empty is absent. */
  values: Record<string, string>
  /** Ids of uploaded files by the name of their field. */
  uploads: Record<string, string>
}

/** @throws ZodError when it is no form of ours */
export function decodeSubmission(body: unknown): Submitted {
  const { view, user, team, enterprise } = submissionPayload.parse(body)
  const { purpose, origin } = carried.parse(JSON.parse(view.private_metadata))
  const spot = { channel: origin.channel, threadTs: origin.thread }
  return {
    purpose,
    ...filledIn(view.state.values),
    heard: {
      id: `view-${view.id}`,
      actor: { platform: 'slack', id: user.id, name: user.username ?? user.name ?? user.id },
      conversation: conversationAt(spot, origin.name),
      spot,
      responseUrl: origin.respond,
      mayReplace: origin.replace,
      triggerId: null,
      from: { teamId: team, enterpriseId: enterprise, userTeamId: user.team_id },
    },
  }
}

function filledIn(state: StateValues): Pick<Submitted, 'values' | 'uploads'> {
  const values: Record<string, string> = {}
  const uploads: Record<string, string> = {}
  for (const [block, { [VALUE]: field }] of Object.entries(state)) {
    if (field === undefined) continue
    const name = block.endsWith(PASTED) ? block.slice(0, -PASTED.length) : block
    const text = field.value ?? field.selected_option?.value ?? ''
    const [file] = field.files ?? []
    if (file !== undefined) uploads[name] = file.id
    else if (text.trim() !== '') values[name] = text
  }
  return { values, uploads }
}

/** The command that was chosen; `null` when it is none (any more). */
export function chosenCommand({ values }: Submitted, commands: readonly CommandFace[]): CommandFace | null {
  return commands.find(({ name }) => name === values[CHOSEN]) ?? null
}

/** What Slack could not require by itself: one of the two ways to give a file. Errors by block, empty when all is there. */
export function missingFiles(
  files: readonly { name: string; required: boolean }[],
  { values, uploads }: Submitted,
): Record<string, string> {
  const missing = files.filter(
    ({ name, required }) => required && uploads[name] === undefined && values[name] === undefined,
  )
  return Object.fromEntries(
    missing.map(({ name }) => [`${name}${PASTED}`, 'Upload it above, or paste it here.']),
  )
}
