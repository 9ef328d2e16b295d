/** `npm run discord:invite [application id]`: the address an administrator opens, and why the bot asks for each right. */
import { inviteUrl, PERMISSIONS } from './platforms/discord/invite.js'

const EX_USAGE = 64

const applicationId = process.argv[2] ?? process.env.DISCORD_APPLICATION_ID
if (applicationId === undefined || !/^\d{15,20}$/.test(applicationId)) {
  process.stderr.write(
    'The id of the Discord application is needed, 15 to 20 digits: npm run discord:invite 900000000000000001\n',
  )
  process.exit(EX_USAGE)
}
process.stdout.write(`${inviteUrl(applicationId)}\n\n`)
for (const [right, why] of Object.entries(PERMISSIONS)) process.stdout.write(`${right}: ${why}\n`)
