/** `npm run slack:manifest [-- https://bot.example.org]`: the manifest to paste at Slack; with an address for HTTP, without for Socket Mode. */
import { manifestText } from './platforms/slack/manifest.js'

const EX_USAGE = 64

const [address] = process.argv.slice(2)
if (address !== undefined && !(URL.canParse(address) && new URL(address).protocol === 'https:')) {
  process.stderr.write(
    `"${address}" is no https address.\nUsage: npm run slack:manifest [-- https://bot.example.org]\n`,
  )
  process.exitCode = EX_USAGE
} else process.stdout.write(manifestText(address ?? null))
