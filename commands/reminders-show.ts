/** /okms reminders show */
import { showReminders } from '../jobs/show-reminders.js'
import { code, defineCommand, formatInstant, lines, type Reply, say } from '../src/core/index.js'
import { formatThresholds } from './reminders-set.js'

export default defineCommand({
  name: 'reminders show',
  summary: 'Show how this channel is reminded, and of what next',
  options: {},
  requires: 'reminders:manage',
  answers: 'privately',
  examples: ['/okms reminders show'],

  async run({ ask, reply }) {
    const { beforeMs, from, quietHours, followed, next } = await ask(showReminders, {})
    const how =
      beforeMs.length === 0
        ? `No reminders here (${from}).`
        : `Reminders ${formatThresholds(beforeMs)} before an expiry (${from}), ${quietHours ? `quiet ${quietHours}` : 'at any hour'}.`
    const change = say`${code('/okms reminders set 30d,7d,0d')} changes that · ${code('/okms reminders test <credential>')} shows how they read`
    const count = `${followed === 1 ? '1 credential is' : `${followed} credentials are`} followed here.`
    const table: Reply = {
      kind: 'table',
      title: how,
      columns: [
        { header: 'NAME' },
        { header: 'OKMS' },
        { header: 'NEXT REMINDER' },
        { header: 'EXPIRES' },
        { header: 'ID' },
      ],
      rows: next.map(one => [
        one.name,
        one.okmsName,
        formatInstant(one.nextAt!),
        formatInstant(one.expiresAt, 'day'),
        one.credentialId,
      ]),
      after: [count, change],
      fileName: 'reminders.txt',
    }
    await reply.show(next.length === 0 ? lines(how, count, change) : table)
  },
})
