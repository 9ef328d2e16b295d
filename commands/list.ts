/** /okms list */

import { listOkms, type OkmsSummary } from '../jobs/list-okms.js'
import { code, defineCommand, lines, say } from '../src/core/index.js'

/** Further away than this, the next expiry is nobody's concern yet. */
const NEAR_DAYS = 90

export default defineCommand({
  name: 'list',
  summary: 'Show the OKMS of the account',
  options: {},
  requires: 'read',
  answers: 'publicly',
  examples: ['/okms list'],

  async run({ ask, reply }) {
    const all = await ask(listOkms, {})
    if (all.length === 0) {
      await reply.show(
        lines(
          'No OKMS in this account yet.',
          'OVHcloud offers them under Identity, Security & Operations, Key Management Service.',
        ),
      )
      return
    }
    await reply.show({
      kind: 'table',
      title: `${all.length} OKMS`,
      columns: [
        { header: 'NAME' },
        { header: 'REGION' },
        { header: 'STATE' },
        { header: 'KEYS', align: 'right' },
        { header: 'CREDENTIALS', align: 'right' },
        { header: 'NEXT EXPIRY' },
        { header: 'ID' },
      ],
      rows: all.map(one => [
        one.name,
        one.region,
        one.state,
        String(one.serviceKeyCount ?? '?'),
        String(one.credentialCount),
        nextExpiry(one),
        one.id,
      ]),
      after: [
        say`${code(`/okms show ${all[0]!.name}`)} for its addresses · ${code(`/okms credentials ${all[0]!.name}`)} for the credentials`,
      ],
      fileName: 'okms.txt',
    })
  },
})

function nextExpiry({ nextExpiry }: OkmsSummary): string {
  if (!nextExpiry) return 'none'
  const { name, daysLeft: days } = nextExpiry
  if (days > NEAR_DAYS) return `none within ${NEAR_DAYS} days`
  return `${name}, ${days <= 0 ? 'today' : days === 1 ? 'tomorrow' : `in ${days} days`}`
}
