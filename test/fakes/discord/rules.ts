/**
 * What Discord refuses in a request: its own schemas (test/fixtures/discord), and the limits that they do not hold, from our own reading of
 * https://docs.discord.com/developers/resources/message and …/components/reference. Shares no number with the code under test.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

/** An answer of Discord's that is no success. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    message: string,
    readonly errors?: unknown,
  ) {
    super(message)
  }
}
export const invalid = (why: string, errors?: unknown) =>
  new Refusal(400, 50035, `Invalid Form Body: ${why}`, errors)

const FIXTURE = resolve(import.meta.dirname, '../../fixtures/discord/requests.json')
const { roots, schemas } = JSON.parse(readFileSync(FIXTURE, 'utf8')) as {
  roots: Record<string, string>
  schemas: Record<string, object>
}
const ajv = new Ajv2020({ strict: false, allErrors: false })
ajv.addSchema({ $id: 'discord', $defs: schemas })
const compiled = new Map<string, ValidateFunction>()

export type RequestName =
  | 'createMessage'
  | 'editMessage'
  | 'followUp'
  | 'editAnswer'
  | 'startThread'
  | 'openDirectMessages'
  | 'command'
  | 'callbackChoices'
  | 'callbackMessage'
  | 'callbackModal'

/** @throws Refusal 50035 */
export function checkShape(name: RequestName, body: unknown): void {
  let validate = compiled.get(name)
  if (!validate) {
    validate = ajv.compile({ $ref: `discord#/$defs/${roots[name]}` })
    compiled.set(name, validate)
  }
  if (!validate(body)) throw invalid(`${name} ${ajv.errorsText(validate.errors)}`, validate.errors)
}

export const EPHEMERAL = 64
export const COMPONENTS_V2 = 1 << 15

export interface Component {
  type: number
  id?: number
  content?: string
  custom_id?: string
  label?: string
  style?: number
  components?: Component[]
  component?: Component
  file?: { url: string }
  items?: { media: { url: string }; description?: string }[]
}

export interface MessageBody {
  content?: string
  components?: Component[]
  flags?: number
  attachments?: { id: number | string; filename?: string }[]
  allowed_mentions?: { parse?: string[]; users?: string[] }
  nonce?: string
  enforce_nonce?: boolean
}

export const flatten = (components: readonly Component[] = []): Component[] =>
  components.flatMap(one => [
    one,
    ...flatten(one.components),
    ...(one.component ? flatten([one.component]) : []),
  ])

const V2_ONLY = [9, 10, 11, 12, 13, 14, 17]
const GALLERY = 12
const FILE = 13
const BUTTON = 2

/** @param fileNames of the parts of the request, by their number */
export function checkMessage(body: MessageBody, fileNames: ReadonlyMap<number, string>): void {
  const { content = '', components = [], flags = 0, attachments = [] } = body
  const all = flatten(components)
  const isV2 = (flags & COMPONENTS_V2) !== 0
  if (content.length > 2000) throw invalid('content: Must be 2000 or fewer in length.')
  if (isV2 && content !== '') throw invalid('content: cannot be used with MessageFlags.IS_COMPONENTS_V2')
  if (!isV2 && all.some(({ type }) => V2_ONLY.includes(type)))
    throw invalid('components: needs MessageFlags.IS_COMPONENTS_V2')
  if (content === '' && all.length === 0 && fileNames.size === 0)
    throw new Refusal(400, 50006, 'Cannot send an empty message')
  if (all.length > 40) throw invalid('components: at most 40 in all')
  if (!isV2 && components.length > 5) throw invalid('components: at most 5 rows')
  const chars = all.reduce((sum, one) => sum + (one.type === 10 ? (one.content ?? '').length : 0), 0)
  if (chars > 4000) throw invalid(`components: ${chars} characters of text, at most 4000 in all`)
  distinct(
    'custom_id',
    all.flatMap(({ custom_id: id }) => (id === undefined ? [] : [id])),
  )
  distinct(
    'id',
    all.flatMap(({ id }) => (id === undefined || id === 0 ? [] : [id])),
  )
  for (const { type, label, custom_id: id } of all) {
    if (type !== BUTTON) continue
    if (!label || label.length > 80) throw invalid('label: 1 to 80 characters')
    if (!id || id.length > 100) throw invalid('custom_id: 1 to 100 characters')
  }
  checkFiles(all, attachments, fileNames, isV2)
}

function checkFiles(
  all: readonly Component[],
  attachments: NonNullable<MessageBody['attachments']>,
  fileNames: ReadonlyMap<number, string>,
  isV2: boolean,
): void {
  if (attachments.length > 10)
    throw new Refusal(400, 30015, 'Maximum number of attachments in a message reached (10)')
  for (const [number, name] of fileNames) {
    const listed = attachments.find(({ id }) => Number(id) === number)
    if (!listed || listed.filename !== name) throw invalid(`attachments: file ${number} is not listed`)
    if (!/^[\w.-]+$/.test(name)) throw invalid(`attachments: Discord would rename ${name}`)
  }
  if (attachments.length !== fileNames.size)
    throw invalid('attachments: one is listed that is not in the request')
  const galleries = all.filter(({ type }) => type === GALLERY)
  for (const { items = [] } of galleries) {
    if (items.length < 1 || items.length > 10) throw invalid('items: 1 to 10')
    if (items.some(({ description = '' }) => description.length > 1024)) throw invalid('description: 1024')
  }
  const shown = [
    ...all.filter(({ type }) => type === FILE).map(({ file }) => file!.url),
    ...galleries.flatMap(({ items }) => items!.map(({ media }) => media.url)),
  ].map(url => url.replace('attachment://', ''))
  for (const name of shown)
    if (![...fileNames.values()].includes(name)) throw invalid(`components: there is no attachment ${name}`)
  // Discord takes it and shows nothing of it: a mistake all the same.
  for (const name of fileNames.values())
    if (isV2 && !shown.includes(name)) throw invalid(`attachments: ${name} would not be shown`)
}

function distinct(what: string, values: readonly unknown[]): void {
  if (new Set(values).size !== values.length)
    throw invalid(`components: ${what} must be unique within a message`)
}

interface CommandNode {
  name: string
  description: string
  type?: number
  required?: boolean
  options?: CommandNode[]
  choices?: { name: string; value: string }[]
  autocomplete?: boolean
}

/** https://docs.discord.com/developers/interactions/application-commands */
export function checkCommand(command: CommandNode): void {
  const isChat = (command.type ?? 1) === 1
  if (!isChat) throw invalid('type: only slash commands are expected')
  let chars = 0
  const visit = (node: CommandNode, depth: number) => {
    if (!/^[-_'\p{L}\p{N}]{1,32}$/u.test(node.name) || node.name !== node.name.toLowerCase())
      throw invalid(`name: ${node.name}`)
    if (node.description.length < 1 || node.description.length > 100)
      throw invalid(`description of ${node.name}`)
    chars += node.name.length + node.description.length
    for (const { name, value } of node.choices ?? []) chars += name.length + value.length
    const options = node.options ?? []
    if (options.length > 25) throw invalid(`options of ${node.name}: at most 25`)
    distinct(
      'option name',
      options.map(({ name }) => name),
    )
    const firstOptional = options.findIndex(({ type, required }) => type! > 2 && !required)
    if (firstOptional >= 0 && options.slice(firstOptional).some(({ required }) => required))
      throw new Refusal(400, 50035, `options of ${node.name}: required ones come first`)
    if ((node.choices?.length ?? 0) > 25) throw invalid(`choices of ${node.name}`)
    if (node.choices && node.autocomplete) throw invalid(`${node.name}: choices and autocomplete`)
    if (depth > 2 && options.length > 0) throw invalid(`${node.name}: nested too deep`)
    for (const option of options) visit(option, depth + 1)
  }
  visit(command, 0)
  if (chars > 8000) throw invalid(`the command has ${chars} characters, at most 8000`)
}
