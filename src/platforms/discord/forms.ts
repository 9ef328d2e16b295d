/** Our forms as Discord's modals, and what was filled in. https://docs.discord.com/developers/components/reference#label */
import {
  type APILabelComponent,
  type APIModalInteractionResponseCallbackData,
  ComponentType,
  TextInputStyle,
} from 'discord.js'
import type { Form, FormField } from '../../core/form.js'
import { MODAL } from './limits.js'
import type { HeardInteraction } from './schema.js'

/** A file can also be pasted: the text box beside the upload is called so. */
const PASTED = '.pasted'

/** @param customId comes back with what was filled in, and carries what the button was about */
export function encodeForm(
  { title, fields }: Form,
  customId: string,
): APIModalInteractionResponseCallbackData {
  const uploads = fields.filter(({ kind }) => kind === 'file').length
  // Discord shows five at most; where there is no room to paste, uploading remains.
  const canPaste = fields.length + uploads <= MODAL.labels
  const components = fields.flatMap(field => {
    if (field.kind !== 'file') return [textLabel(field.name, field)]
    if (!canPaste) return [uploadLabel(field)]
    const pasted: FormField = { ...field, kind: 'lines', label: `… or paste it`, required: false }
    return [uploadLabel({ ...field, required: false }), textLabel(field.name + PASTED, pasted)]
  })
  return { title: shortened(title, MODAL.titleChars), custom_id: customId, components }
}

function textLabel(
  customId: string,
  { label, kind, required, hint, maxLength }: FormField,
): APILabelComponent {
  return {
    ...labelled(label, hint),
    component: {
      type: ComponentType.TextInput,
      custom_id: customId,
      style: kind === 'line' ? TextInputStyle.Short : TextInputStyle.Paragraph,
      required,
      max_length: Math.min(maxLength ?? MODAL.inputChars, MODAL.inputChars),
    },
  }
}

const uploadLabel = ({ name, label, required, hint }: FormField): APILabelComponent => ({
  ...labelled(label, hint),
  component: {
    type: ComponentType.FileUpload,
    custom_id: name,
    min_values: required ? 1 : 0,
    max_values: 1,
    required,
  },
})

const labelled = (label: string, hint: string | undefined) => ({
  type: ComponentType.Label as const,
  label: shortened(label, MODAL.labelChars),
  ...(hint === undefined ? {} : { description: shortened(hint, MODAL.descriptionChars) }),
})

const shortened = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)

export interface FilledForm {
  fields: Record<string, string>
  /** Fields that hold an upload → its attachment id. */
  uploads: Record<string, string>
}

/** What was left empty is absent; an upload wins over pasted text. */
export function decodeForm(data: HeardInteraction['data']): FilledForm {
  const filled: FilledForm = { fields: {}, uploads: {} }
  for (const { component } of data?.components ?? []) {
    if (!component) continue
    const { custom_id: customId, value, values } = component
    if (values?.[0] !== undefined) filled.uploads[customId] = values[0]
    if (value === undefined || value === '') continue
    filled.fields[customId.endsWith(PASTED) ? customId.slice(0, -PASTED.length) : customId] = value
  }
  return filled
}
