/**
 * Our commands as ONE slash command `/okms` with sub-commands and groups, and what Discord sends back as a command again.
 * https://docs.discord.com/developers/interactions/application-commands
 */
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandGroupOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js'
import type { CommandFace } from '../../core/command-face.js'
import type { TypedOptions } from '../../core/invocation.js'
import type { Option, OptionKind } from '../../core/option.js'
import { COMMAND } from './limits.js'
import type { HeardOption } from './schema.js'

export const COMMAND_NAME = 'okms'

export type SlashCommand = RESTPostAPIChatInputApplicationCommandsJSONBody
type Sub = APIApplicationCommandSubcommandOption

/** Kinds that the bot can complete from policy and inventory while they are typed. */
const COMPLETED: readonly OptionKind[] = [
  'okms',
  'cloud',
  'credential',
  'region',
  'profile',
  'identity',
  'key',
  'command',
  'run',
]

/** Everything in one command, so that one set of permissions in the server's settings covers the bot. */
export function encodeCommands(commands: readonly CommandFace[]): SlashCommand {
  const groups = new Map<string, Sub[]>()
  const options: (Sub | APIApplicationCommandSubcommandGroupOption)[] = []
  for (const command of commands) {
    const [first, second] = command.name.split(' ')
    const sub = encodeCommand(second ?? first!, command)
    if (second === undefined) {
      options.push(sub)
      continue
    }
    const group = groups.get(first!) ?? []
    if (group.length === 0) {
      groups.set(first!, group)
      options.push({
        type: ApplicationCommandOptionType.SubcommandGroup,
        name: first!,
        description: '',
        options: group,
      })
    }
    group.push(sub)
  }
  for (const option of options) {
    if (option.type === ApplicationCommandOptionType.SubcommandGroup)
      option.description = described(`${option.name}: ${option.options!.map(({ name }) => name).join(', ')}`)
  }
  return {
    type: ApplicationCommandType.ChatInput,
    name: COMMAND_NAME,
    description: 'OVHcloud KMS: credentials, key servers, keys',
    options,
  }
}

function encodeCommand(name: string, command: CommandFace): Sub {
  const options = Object.entries(command.options).map(([option, declared]) => encodeOption(option, declared))
  return {
    type: ApplicationCommandOptionType.Subcommand,
    name,
    description: described(command.summary),
    // Discord wants those that must be given in front; within each half our order stands.
    options: [...options.filter(({ required }) => required), ...options.filter(({ required }) => !required)],
  }
}

function encodeOption(
  name: string,
  { kind, summary, required, choices, maxLength }: Option<unknown>,
): APIApplicationCommandBasicOption {
  const common = { name: optionName(name), description: described(summary), required }
  if (kind === 'file') return { ...common, type: ApplicationCommandOptionType.Attachment }
  const typed = { ...common, type: ApplicationCommandOptionType.String as const }
  if (choices) return { ...typed, choices: choices.map(choice => ({ name: choice, value: choice })) }
  const max_length = Math.min(maxLength, COMMAND.stringChars)
  return COMPLETED.includes(kind) ? { ...typed, max_length, autocomplete: true } : { ...typed, max_length }
}

/** `kmsId` is called `kms-id` there: Discord takes no capitals. */
const optionName = (name: string) => name.replaceAll(/[A-Z]/g, capital => `-${capital.toLowerCase()}`)

const described = (text: string) =>
  text.length <= COMMAND.descriptionChars ? text : `${text.slice(0, COMMAND.descriptionChars - 1)}…`

export interface DecodedCommand {
  command: string
  /** By our names; a file option holds the id of its attachment. */
  options: Record<string, string>
  /** Names of options that hold an attachment, with the most bytes each may have. */
  files: Record<string, number>
  /** The option that is being typed. */
  focused: string | null
}

/** What somebody chose. A command or an option we do not know (any more) keeps Discord's name; the dispatcher refuses it. */
export function decodeCommand(
  options: readonly HeardOption[],
  commands: readonly CommandFace[],
): DecodedCommand {
  let inner = options
  const words: string[] = []
  while (
    inner[0]?.type === ApplicationCommandOptionType.Subcommand ||
    inner[0]?.type === ApplicationCommandOptionType.SubcommandGroup
  ) {
    words.push(inner[0].name)
    inner = inner[0].options ?? []
  }
  const name = words.join(' ')
  const declared = commands.find(command => command.name === name)?.options ?? {}
  const ourNames = new Map(Object.keys(declared).map(option => [optionName(option), option]))
  const decoded: DecodedCommand = { command: name, options: {}, files: {}, focused: null }
  for (const { name: theirs, value, focused, type } of inner) {
    const ours = ourNames.get(theirs) ?? theirs
    decoded.options[ours] = String(value ?? '')
    if (focused) decoded.focused = ours
    if (type === ApplicationCommandOptionType.Attachment)
      decoded.files[ours] = declared[ours]?.maxLength ?? COMMAND.stringChars
  }
  return decoded
}

export const decodeInvocation = (
  options: readonly HeardOption[],
  commands: readonly CommandFace[],
): TypedOptions => {
  const { command, options: given } = decodeCommand(options, commands)
  return { form: 'typed', command, options: given }
}
