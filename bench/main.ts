/**
 * `npm run bench`: the benchmark table, measured in one run on this machine, printed and written to docs/benchmarks.md.
 * Figures are ratios of two things measured side by side; alone they say nothing about another machine.
 */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startRedisServer } from '../src/demo/redis-server.js'
import { startSandbox } from '../src/sandbox/sandbox.js'
import { measureAcknowledging } from './acknowledging.js'
import { measureMemory } from './memory.js'
import { measurePictures } from './pictures.js'
import { measureRequests } from './pki.js'
import { measureReminders } from './reminders.js'
import { perSecond, type Row } from './row.js'
import { measureRuns } from './runs.js'
import { measureSync } from './sync.js'

const run = promisify(execFile)
const compiled = fileURLToPath(new URL('..', import.meta.url))
const say = (text: string) => process.stderr.write(`${text}\n`)

interface Pair {
  ours: number
  other: number
}

async function measureClient(): Promise<Row[]> {
  const sandbox = await startSandbox()
  try {
    const child = resolve(compiled, 'bench/ovh-client.js')
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: sandbox.info.caFile }
    const { stdout } = await run(process.execPath, [child, JSON.stringify(sandbox.info)], { env })
    const { requests, times, busy } = JSON.parse(stdout) as Record<'times' | 'busy', Pair> & {
      requests: number
    }
    const ratio = times.other / times.ours
    const said = (side: keyof Pair) =>
      `${Math.round(perSecond(requests, times[side]))}/s, ${Math.round((1000 * busy[side]) / requests)} µs of processor each`
    return [
      {
        what: 'OVHcloud client, signed GET over HTTPS on the sandbox (20 in flight)',
        ours: said('ours'),
        against: `\`@ovhcloud/node-ovh\` 3: ${said('other')}`,
        ratio,
        goal: '≥ 2 ×',
        reached: ratio >= 2,
        why: 'both keep the sandbox busy, which shares the machine, so neither can be much faster than the other; what each takes of the processor stands beside it.',
      },
    ]
  } finally {
    await sandbox.close()
  }
}

async function measureIdle(): Promise<Row[]> {
  const sandbox = await startSandbox()
  try {
    return await onTwo(urls => measureMemory(urls, sandbox.info))
  } finally {
    await sandbox.close()
  }
}

async function onOne(measure: (url: string) => Promise<Row[]>): Promise<Row[]> {
  const redis = await startRedisServer()
  try {
    return await measure(redis.url)
  } finally {
    await redis.stop()
  }
}

const onTwo = (measure: (urls: readonly [string, string]) => Promise<Row[]>): Promise<Row[]> =>
  onOne(first => onOne(second => measure([first, second])))

const rows: Row[] = []
for (const [name, measure] of [
  ['acknowledging', () => onOne(measureAcknowledging)],
  ['durable runs', () => onOne(measureRuns)],
  ['reminders', () => onTwo(measureReminders)],
  ['sync', () => onTwo(measureSync)],
  ['memory', measureIdle],
  ['OVHcloud client', measureClient],
  ['certificate requests', measureRequests],
  ['pictures', measurePictures],
] as const) {
  say(`measuring ${name} …`)
  rows.push(...(await measure()))
}

const table = [
  '| what | okms-bot | against | ratio | goal | reached |',
  '|---|---|---|---|---|---|',
  ...rows.map(
    ({ what, ours, against, ratio, goal, reached }) =>
      `| ${what} | ${ours} | ${against} | ${ratio.toFixed(2)} × | ${goal} | ${reached ? 'yes' : '**no**'} |`,
  ),
].join('\n')
const reasons = rows
  .filter(({ reached, why }) => !reached && why !== undefined)
  .map(({ what, why }) => `- **${what}**: ${why}`)
  .join('\n')
const { stdout: redisVersion } = await run('redis-server', ['--version'])
const machine = [
  `Node ${process.version}`,
  `Redis ${/v=(\S+)/.exec(redisVersion)?.[1]}`,
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`,
].join(', ')
const page = `# Benchmarks\n\nMade by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine}.\n\n${table}\n${reasons === '' ? '' : `\nNot reached:\n\n${reasons}\n`}`
await writeFile(resolve(compiled, '..', 'docs/benchmarks.md'), page)
process.stdout.write(`${table}\n`)
