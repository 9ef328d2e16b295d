/** `npm run policy:check [file]`: every mistake of a policy file with its line and mend. Exits 0, 1 when it cannot be used, 66 when it cannot be read. */
import { readFile } from 'node:fs/promises'
import { formatPolicyMistakes, parsePolicy } from './bot/policy.js'

const EX_NOINPUT = 66

const file = process.argv[2] ?? process.env.POLICY_FILE ?? 'policy.yaml'
const text = await readFile(file, 'utf8').catch((error: Error) => {
  process.stderr.write(`${file} cannot be read: ${error.message}\nUsage: npm run policy:check [file]\n`)
  process.exit(EX_NOINPUT)
})
const parsed = parsePolicy(text)
if (parsed.ok) {
  if (parsed.warnings.length > 0) process.stdout.write(`${formatPolicyMistakes(file, parsed.warnings)}\n`)
  const { people, roles, profiles, version } = parsed.policy
  const counts = [people, roles, profiles].map(record => Object.keys(record).length)
  process.stdout.write(
    `${file} is good, version ${version}: ${counts[0]} people, ${counts[1]} roles, ${counts[2]} profiles.\n`,
  )
} else {
  process.stdout.write(`${formatPolicyMistakes(file, parsed.mistakes)}\n`)
  process.exitCode = 1
}
