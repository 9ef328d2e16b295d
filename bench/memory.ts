/** Resident memory of a worker that has nothing to do, `npm start` with ROLE=worker, beside that of a bare BullMQ worker. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../src/demo/redis-server.js'
import type { SandboxInfo } from '../src/sandbox/sandbox.js'
import type { Row } from './row.js'

/** By then what happened at the start is over (the first sync, look and watch), and Node has given back what that took. */
const IDLE_FOR_MS = 30_000
const STARTS_WITHIN_MS = 20_000

const compiled = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** @param urls two empty servers */
export async function measureMemory(urls: readonly [string, string], sandbox: SandboxInfo): Promise<Row[]> {
  const [ours, bare] = await Promise.all([startOurs(urls[0], sandbox), startBare(urls[1])])
  try {
    await sleep(IDLE_FOR_MS)
    const [mine, other] = await Promise.all([residentBytes(ours), residentBytes(bare)])
    const ratio = mine / other
    const megabytes = (bytes: number) => `${Math.round(bytes / 1024 / 1024)} MiB`
    return [
      {
        what: 'resident memory of an idle worker',
        ours: megabytes(mine),
        against: `a bare BullMQ worker: ${megabytes(other)}`,
        ratio,
        goal: '≤ 2 ×',
        reached: ratio <= 2,
      },
    ]
  } finally {
    ours.kill('SIGTERM')
    bare.stdin?.end()
  }
}

async function startOurs(redisUrl: string, sandbox: SandboxInfo): Promise<ChildProcess> {
  const opsPort = await freePort()
  const worker = spawn(process.execPath, [compiled('../src/main.js')], {
    env: {
      PATH: process.env.PATH,
      ROLE: 'worker',
      REDIS_URL: redisUrl,
      SECRET_KEY: randomBytes(32).toString('base64'),
      POLICY_FILE: compiled('../../demo/policy.yaml'),
      OVH_ENDPOINT: sandbox.url,
      OVH_APPLICATION_KEY: sandbox.applicationKey,
      OVH_APPLICATION_SECRET: sandbox.applicationSecret,
      OVH_CONSUMER_KEY: sandbox.consumerKey,
      OPS_PORT: String(opsPort),
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const isReady = () =>
    fetch(`http://127.0.0.1:${opsPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    )
  for (const until = Date.now() + STARTS_WITHIN_MS; !(await isReady()); await sleep(100)) {
    if (worker.exitCode !== null || Date.now() > until) throw new Error('the worker did not start')
  }
  return worker
}

async function startBare(redisUrl: string): Promise<ChildProcess> {
  const worker = spawn(process.execPath, [compiled('bare-worker.js'), redisUrl], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(worker.stdout, 'data')
  return worker
}

async function residentBytes({ pid }: ChildProcess): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null)
  const kilobytes =
    status === null
      ? (await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])).stdout
      : /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
  return Number(kilobytes) * 1024
}
