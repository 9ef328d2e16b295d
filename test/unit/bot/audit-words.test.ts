/** What of a person's words rests in the audit trail for ever. */
import { expect, it } from 'vitest'
import {
  describeCommand,
  subjectsOfCommand,
  subjectsOfPress,
  subjectsOfRun,
} from '../../../src/bot/audit-words.js'
import { defineCommand } from '../../../src/core/command.js'
import { option } from '../../../src/core/option.js'
import type { RunRecord } from '../../../src/core/run.js'

const command = defineCommand({
  name: 'try',
  summary: 'Tries',
  options: {
    name: option.profile('Name'),
    validity: option.days('Days').optional(),
    okms: option.okms('OKMS').optional(),
    cloud: option.text('Private Cloud').optional(),
    run: option.run('Run').optional(),
    type: option.choice('Type', ['ECDSA', 'RSA']).optional(),
    reason: option.text('Why').optional(),
    csr: option.file('Request', { maxBytes: 4096 }).optional(),
  },
  requires: null,
  answers: 'privately',
  examples: [],
  async run() {},
})
const PEM = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'.repeat(8)}\n-----END PRIVATE KEY-----`

it('keeps names, numbers and choices, and of everything else how long it was', () => {
  const raw = { name: 'reader', validity: '30d', type: 'rsa', cloud: 'pcc-192-0-2-10', reason: 'hunter2' }

  expect(describeCommand(command, raw)).toBe(
    'try name=reader validity=30d cloud=pcc-192-0-2-10 type=rsa reason=(7 characters)',
  )
})

it.each(['name', 'validity', 'okms', 'cloud', 'run', 'type', 'reason', 'csr'])(
  'keeps nothing of a key that somebody put into %s',
  field => {
    const kept = [
      describeCommand(command, { [field]: PEM }),
      ...subjectsOfCommand(command, { [field]: PEM }),
    ].join()

    expect(kept).toMatch(new RegExp(`^try ${field}=\\(\\d+ characters, SHA-256 [0-9a-f]{8}\\)$`))
  },
)

it('keeps nothing of a value that its option does not take', () => {
  expect(describeCommand(command, { validity: 'hunter2', type: 'hunter2', run: 'hunter2' })).not.toContain(
    'hunter2',
  )
})

it('knows what a command is about, a run by its proper id', () => {
  const raw = {
    name: 'reader',
    okms: 'prod-kms',
    cloud: 'pcc-192-0-2-10',
    run: '7f3k9q2m',
    reason: 'because',
  }

  expect(subjectsOfCommand(command, raw)).toEqual(['reader', 'prod-kms', 'pcc-192-0-2-10', '7F3K9Q2M'])
})

it('knows what a run is about from its input and its ending', () => {
  const run = {
    runId: '7F3K9Q2M',
    input: {
      wish: { csr: PEM, description: 'secret' },
      plan: { name: 'reader', okmsId: 'o-1', description: 'x' },
    },
    ending: { outcome: 'done', lines: [], facts: { credentialId: 'c-1', recipient: 'ana' } },
  } as unknown as RunRecord

  expect(subjectsOfRun(run)).toEqual(['7F3K9Q2M', 'reader', 'o-1', 'c-1'])
})

it('takes the subject of a button only where it looks like one of ours', () => {
  expect(subjectsOfPress('7F3K9Q2M')).toEqual(['7F3K9Q2M'])
  expect(subjectsOfPress('pcc-192-0-2-10/12')).toEqual(['pcc-192-0-2-10/12', 'pcc-192-0-2-10'])
  expect(subjectsOfPress(PEM)).toEqual([])
})
