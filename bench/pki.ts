/** Making a certificate request for a key that is there: our CPU time beside that of `openssl req`, less the start of a process. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { promisify } from 'node:util'
import { generateKeyPair } from '../src/pki/keys.js'
import { createRequest } from '../src/pki/requests.js'
import { median, type Row } from './row.js'

const run = promisify(execFile)
const REQUESTS = 100
const ROUNDS = 21
const LONGEST_BLOCK_MS = 20

export async function measureRequests(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'okms-bench-'))
  const { privateKey } = await generateKeyPair('rsa-2048')
  const keyFile = join(folder, 'key.pem')
  await writeFile(keyFile, privateKey.reveal(), { mode: 0o600 })

  await createRequest({ privateKey, commonName: 'warm' })
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = process.cpuUsage()
  for (let i = 0; i < REQUESTS; i++) await createRequest({ privateKey, commonName: 'bench' })
  const used = process.cpuUsage(before)
  delay.disable()
  const oursMs = (used.user + used.system) / 1000 / REQUESTS
  const longestBlockMs = delay.max / 1e6

  const request = ['req', '-new', '-key', keyFile, '-subj', '/CN=bench', '-out', '/dev/null']
  const requests: number[] = []
  const starts: number[] = []
  for (let i = 0; i < ROUNDS; i++) {
    requests.push(await childCpuMs(request))
    starts.push(await childCpuMs(['version']))
  }
  await rm(folder, { recursive: true, force: true })
  const otherMs = median(requests) - median(starts)
  const ratio = oursMs / otherMs
  return [
    {
      what: 'a request for an RSA 2048 key, CPU time',
      ours: `${oursMs.toFixed(1)} ms, event loop blocked ${longestBlockMs.toFixed(0)} ms at most`,
      against: `\`openssl req\` less process start: ${otherMs.toFixed(1)} ms`,
      ratio,
      goal: `≤ 2 ×, never over ${LONGEST_BLOCK_MS} ms`,
      reached: ratio <= 2 && longestBlockMs <= LONGEST_BLOCK_MS,
    },
  ]
}

/** User and system time of one openssl process, as the shell counts it. */
async function childCpuMs(args: string[]): Promise<number> {
  const { stderr } = await run('bash', [
    '-c',
    'TIMEFORMAT="%3U %3S"; time openssl "$@" 2>/dev/null >/dev/null',
    'bash',
    ...args,
  ])
  return stderr
    .trim()
    .split(/\s+/)
    .slice(-2)
    .reduce((sum, seconds) => sum + Number(seconds) * 1000, 0)
}
