/** `npm run demo`: the demo on standard input and output. Exits 0, or 1 when a line was no known console form. */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLog } from '../ops/log.js'
import { createTerminal } from '../platforms/console/terminal.js'
import { startDemo } from './demo.js'

const compiled = fileURLToPath(new URL('../..', import.meta.url))
const project = resolve(compiled, '..')
const home = resolve(process.env.OKMS_HOME ?? '.okms')

await mkdir(home, { recursive: true, mode: 0o700 })
const logFile = join(home, 'demo.log')
const logStream = createWriteStream(logFile, { flags: 'a', mode: 0o600 })
const log = createLog('info', line => void logStream.write(line))

const terminal = createTerminal({ input: process.stdin, output: process.stdout })
const isTerminal = process.stdin.isTTY && process.stdout.isTTY

if (isTerminal) process.stderr.write('Starting Redis, the stand-in OVHcloud and the bot …\n')
const demo = await startDemo({
  root: compiled,
  policyFile: join(project, 'demo', 'policy.yaml'),
  home,
  screen: terminal,
  log,
})

let understoodAll = true
let stopping = false
const stop = async (code: number) => {
  if (stopping) return
  stopping = true
  await demo.stop()
  logStream.end()
  process.exitCode = code
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  const code = signal === 'SIGINT' ? 130 : 143
  process.once(signal, () => void stop(code).then(() => process.exit(code)))
}

// Whoever reads our lines may have read enough (`| head`).
process.stdout.on('error', () => void stop(0).then(() => process.exit(0)))

if (isTerminal) {
  terminal.print([
    `People: ${demo.people.join(', ')}. You speak as ${demo.people[0]} in #ops; "bo: …" speaks as bo.`,
    'Try: /okms list · /okms credential reader 30d · press Collect · advance 20d · help · exit',
    `Files land in ${join(home, 'inbox')}, the bot's log in ${logFile}.`,
  ])
}

const words = () => [
  '/okms list',
  '/okms credential reader 30d',
  '/okms credentials',
  '/okms help',
  'settle',
  'advance ',
  'exit',
  ...demo.door.board.labels().map(label => `press ${label}`),
]

await terminal.run(
  async line => {
    const { understood, leave } = await demo.session.line(line)
    understoodAll &&= understood
    return !leave
  },
  typed => words().filter(word => word.startsWith(typed)),
)
if (!stopping) {
  await demo.travel.settle()
  await stop(understoodAll ? 0 : 1)
}
