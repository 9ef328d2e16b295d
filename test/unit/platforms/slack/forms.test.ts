/** Modals: every command there and back, within the limits of a view. */
import { beforeAll, describe, expect, it } from 'vitest'
import { loadDefinitions } from '../../../../src/bot/load.js'
import type { Command } from '../../../../src/core/command.js'
import type { Form } from '../../../../src/core/form.js'
import { decodeCommand } from '../../../../src/platforms/slack/commands.js'
import {
  chosenCommand,
  decodeSubmission,
  encodeChoice,
  encodeCommandForm,
  encodePressForm,
  missingFiles,
} from '../../../../src/platforms/slack/forms.js'
import { checkView } from '../../../fakes/slack/block-kit.js'
import { PROJECT } from '../../../fakes/test-bot.js'

const { heard } = decodeCommand({
  team_id: 'T00TEAM',
  channel_id: 'C00OPS',
  channel_name: 'ops',
  user_id: 'U00ANA',
  user_name: 'ana',
  text: '',
  response_url: `https://hooks.slack.example/${'x'.repeat(200)}`,
  trigger_id: '1.2.3',
})

type Values = Record<string, Record<string, unknown>>
const submitted = (view: object, values: Values) =>
  decodeSubmission({
    type: 'view_submission',
    team: { id: 'T00TEAM' },
    user: { id: 'U00ANA', username: 'ana', team_id: 'T00TEAM' },
    view: { ...view, id: 'V00ONE', state: { values } },
  })
const typed = (value: string | null) => ({ value: { type: 'plain_text_input', value } })

let commands: readonly Command[]
beforeAll(async () => {
  commands = (await loadDefinitions(PROJECT)).commands
})

it('offers every command', () => {
  const view = encodeChoice(commands, heard)

  checkView(view)
  const chosen = { command: { value: { type: 'static_select', selected_option: { value: 'credential' } } } }
  expect(chosenCommand(submitted(view, chosen), commands)?.name).toBe('credential')
  expect(chosenCommand(submitted(view, {}), commands)).toBeNull()
})

it('brings the options of every command back as they were filled in', () => {
  for (const command of commands.filter(({ options }) => Object.keys(options).length > 0)) {
    const view = encodeCommandForm(command, heard)
    checkView(view)
    const values: Values = {}
    const expected: Record<string, string> = {}
    for (const [name, { kind, choices }] of Object.entries(command.options)) {
      expected[name] = choices?.[0] ?? `the ${name}`
      if (kind === 'file') values[`${name}.pasted`] = typed(expected[name])
      else if (choices)
        values[name] = { value: { type: 'static_select', selected_option: { value: choices[0] } } }
      else values[name] = typed(expected[name])
    }

    const back = submitted(view, values)

    expect(back.purpose).toEqual({ about: 'command', command: command.name })
    expect(back.values).toEqual(expected)
    expect(back.heard).toMatchObject({ conversation: heard.conversation, responseUrl: heard.responseUrl })
  }
})

it('leaves out what was left empty', () => {
  const credential = commands.find(({ name }) => name === 'credential')!
  const view = encodeCommandForm(credential, heard)
  const empty = {
    okms: typed(null),
    description: typed('  '),
    csr: { value: { type: 'file_input', files: [] } },
  }

  expect(submitted(view, { name: typed('reader'), ...empty }).values).toEqual({ name: 'reader' })
})

describe('the form of a button', () => {
  const form: Form = {
    title: 'Renew with a request',
    fields: [
      { name: 'reason', label: 'Why', kind: 'lines', required: true, maxLength: 5000, hint: 'For the audit' },
      { name: 'csr', label: 'New request', kind: 'file', required: true },
    ],
  }
  const view = encodePressForm(form, { press: 'renew', subject: '7F3K9Q2M' }, heard)
  const files = [{ name: 'csr', required: true }]

  it('knows afterwards what was pressed', () => {
    checkView(view)

    expect(submitted(view, { reason: typed('x') }).purpose).toEqual({
      about: 'press',
      press: 'renew',
      subject: '7F3K9Q2M',
    })
  })

  it('takes a file uploaded or pasted, and asks for one of them', () => {
    const uploaded = submitted(view, { csr: { value: { type: 'file_input', files: [{ id: 'F00ONE' }] } } })

    expect(uploaded.uploads).toEqual({ csr: 'F00ONE' })
    expect(missingFiles(files, uploaded)).toEqual({})
    expect(missingFiles(files, submitted(view, { 'csr.pasted': typed('PEM') }))).toEqual({})
    expect(missingFiles(files, submitted(view, {}))).toEqual({
      'csr.pasted': 'Upload it above, or paste it here.',
    })
  })

  it('is refused when its purpose is not of ours', () => {
    expect(() => submitted({ ...view, private_metadata: '{}' }, {})).toThrow()
  })
})
