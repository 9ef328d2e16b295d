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
import { measurePictures } from './pictures.js'
import { measureRequests } from './pki.js'
import { measureReminders } from './reminders.js'
import { perSecond, type Row } from './row.js'
import { measureRuns } from './runs.js'

const run = promisify(execFile)
const compiled = fileURLToPath(new URL('..', import.meta.url))
const say = (text: string) => process.stderr.write(`${text}\n`)

async function measureClient(): Promise<Row[]> {
  const sandbox = await startSandbox()
  try {
    const child = resolve(compiled, 'bench/ovh-client.js')
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: sandbox.info.caFile }
    const { stdout } = await run(process.execPath, [child, JSON.stringify(sandbox.info)], { env })
    const { requests, ours, other } = JSON.parse(stdout) as { requests: number; ours: number; other: number }
    const ratio = other / ours
    return [
      {
        what: 'OVHcloud client, signed GET over HTTPS on the sandbox (20 in flight)',
        ours: `${Math.round(perSecond(requests, ours))}/s`,
        against: `\`@ovhcloud/node-ovh\` 3: ${Math.round(perSecond(requests, other))}/s`,
        ratio,
        goal: '≥ 2 ×',
        reached: ratio >= 2,
      },
    ]
  } finally {
    await sandbox.close()
  }
}

async function measureOnRedis(): Promise<Row[]> {
  const redis = await startRedisServer()
  try {
    return await measureRuns(redis.url)
  } finally {
    await redis.stop()
  }
}

async function measureFollowing(): Promise<Row[]> {
  const servers = await Promise.all([startRedisServer(), startRedisServer()])
  try {
    return await measureReminders([servers[0].url, servers[1].url])
  } finally {
    await Promise.all(servers.map(server => server.stop()))
  }
}

const rows: Row[] = []
for (const [name, measure] of [
  ['durable runs', measureOnRedis],
  ['reminders', measureFollowing],
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
const { stdout: redisVersion } = await run('redis-server', ['--version'])
const machine = [
  `Node ${process.version}`,
  `Redis ${/v=(\S+)/.exec(redisVersion)?.[1]}`,
  `${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}`,
].join(', ')
const page = `# Benchmarks\n\nMade by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${machine}.\n\n${table}\n`
await writeFile(resolve(compiled, '..', 'docs/benchmarks.md'), page)
process.stdout.write(`${table}\n`)
