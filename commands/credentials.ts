/** /okms credentials prod-kms status:READY expiring:30d */

import { horizonOf } from '../jobs/credential/horizon.js'
import { type CredentialSummary, listCredentials } from '../jobs/list-credentials.js'
import {
  code,
  daysUntil,
  defineCommand,
  type HorizonRow,
  instant,
  lines,
  option,
  say,
} from '../src/core/index.js'

const STATUSES = ['CREATING', 'READY', 'DELETING', 'ERROR', 'EXPIRED'] as const

export default defineCommand({
  name: 'credentials',
  summary: 'Show credentials with owner, status and days left',
  options: {
    okms: option.okms('Only this OKMS').optional(),
    status: option.choice('Only this status', STATUSES).optional(),
    expiring: option.duration('Only those that expire within this time, such as 30d').optional(),
  },
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms credentials', '/okms credentials prod-kms expiring:30d'],

  async run({ options, ask, reply }) {
    const { credentials: found, knownAt } = await ask(listCredentials, {
      okms: options.okms,
      status: options.status,
      expiringWithinMs: options.expiring,
    })
    const age =
      knownAt === null
        ? []
        : [say`OVHcloud does not answer: this is what the bot knew on ${instant(knownAt)}.`]
    if (found.length === 0) {
      await reply.show(
        lines(
          'No credentials match.',
          ...age,
          say`${code('/okms credential <name> <validity>')} issues one.`,
        ),
      )
      return
    }
    await reply.show({
      kind: 'table',
      title: found.length === 1 ? '1 credential' : `${found.length} credentials`,
      columns: [
        { header: 'NAME' },
        { header: 'OKMS' },
        { header: 'STATUS' },
        { header: 'DAYS LEFT', align: 'right' },
        { header: 'OWNER' },
        { header: 'KEY' },
        { header: 'ID' },
      ],
      rows: found.map(one => [
        one.name,
        one.okmsName,
        one.status,
        String(daysLeft(one)),
        one.owner ?? 'unknown',
        one.fromCsr ? 'from CSR' : 'OVHcloud',
        one.id,
      ]),
      ...(age.length > 0 ? { after: age } : {}),
      fileName: 'credentials.txt',
      horizon: horizonOf(found.map(horizonRow), found[0]!.seenAtMs, 'credentials.png'),
    })
  },
})

const daysLeft = ({ expiresAt, seenAtMs }: CredentialSummary) =>
  Math.max(0, daysUntil(Date.parse(expiresAt), seenAtMs))

function horizonRow(one: CredentialSummary): HorizonRow {
  const { name, okmsName: okms, expiresAt, seenAtMs } = one
  const expiresAtMs = Date.parse(expiresAt)
  const days = daysLeft(one)
  const left = expiresAtMs <= seenAtMs ? 'expired' : days === 1 ? '1 day' : `${days} days`
  return { name, okms, expiresAtMs, left, isSolved: false }
}
