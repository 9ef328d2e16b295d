/** What a person fills in after pressing a button: a modal on Discord and Slack, `fill name:value …` in the console. Stateless: what is submitted is what counts. */
export interface Form {
  /** At most 24 characters (Slack's modal title, the shorter of the two). */
  title: string
  /** One to five (Discord's modals). */
  fields: readonly FormField[]
}

export interface FormField {
  name: string
  /** At most 45 characters (Discord's labels). */
  label: string
  /** `lines`: several lines; `file`: an upload or pasted text. */
  kind: 'line' | 'lines' | 'file'
  required: boolean
  hint?: string
  maxLength?: number
}
