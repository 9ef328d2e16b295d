/**
 * A redis-server of our own on a free loopback port, with its data in a folder of its own; never one that was there before.
 * For the demo and the tests. It ends with this process, however this process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BotError } from '../core/errors.js'

export interface RedisServerOptions {
  /** Where its data lives; absent: a fresh folder that `stop` removes. */
  dir?: string
  appendOnly?: boolean
  /** What to run; found on the PATH. */
  binary?: string
}

export interface RedisServer {
  /** `redis://127.0.0.1:<port>` */
  url: string
  port: number
  dir: string
  pid: number
  /** Ends it in peace (what is written is on the disk) and waits until it is gone. Calling it again does nothing. */
  stop(): Promise<void>
  /** Ends it as a power cut would. The data stays until `stop`. */
  kill(): void
}

/** Somebody else may take the free port before Redis does. */
const TRIES = 5
const START_WITHIN_MS = 15_000
const STOP_WITHIN_MS = 5_000
const LOOK_EVERY_MS = 15

/** @throws BotError `store.unavailable` when there is no such program, or it does not start */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  const isOurDir = options.dir === undefined
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'okms-redis-')))
  await mkdir(dir, { recursive: true, mode: 0o700 })
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(dir, isOurDir, options)
    } catch (error) {
      if (error instanceof PortTaken && attempt < TRIES) continue
      if (isOurDir) await rm(dir, { recursive: true, force: true })
      throw error
    }
  }
}

class PortTaken extends Error {}

async function startOnce(dir: string, isOurDir: boolean, options: RedisServerOptions): Promise<RedisServer> {
  const port = await freePort()
  const logFile = join(dir, `redis-${port}.log`)
  const child = spawn(
    options.binary ?? 'redis-server',
    [
      ...[
        '--port',
        `${port}`,
        '--bind',
        '127.0.0.1',
        '--daemonize',
        'no',
        '--dir',
        dir,
        '--logfile',
        logFile,
      ],
      ...[
        '--save',
        '',
        '--appendonly',
        options.appendOnly === false ? 'no' : 'yes',
        '--maxmemory-policy',
        'noeviction',
      ],
    ],
    // A group of its own: Ctrl-C is for us, who then stop Redis last. LC_ALL: Redis refuses locales that are not installed.
    { stdio: 'ignore', detached: true, env: { PATH: process.env.PATH, LC_ALL: 'C' } },
  )
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const failed = new Promise<Error>(resolve => child.once('error', resolve))
  if (child.pid === undefined) throw missing(await failed, options.binary ?? 'redis-server')
  const pid = child.pid
  const guard = startGuard(pid, isOurDir ? dir : '')
  void gone.then(() => guard.forgetProcess())
  child.unref()

  try {
    await untilReady(child, port, logFile)
  } catch (error) {
    child.kill('SIGKILL')
    await gone
    await guard.dismiss()
    throw error
  }

  let stopping: Promise<void> | undefined
  async function stop(): Promise<void> {
    child.ref()
    child.kill('SIGTERM')
    const impatient = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
    if (child.exitCode === null && child.signalCode === null) await gone
    clearTimeout(impatient)
    if (isOurDir) await rm(dir, { recursive: true, force: true })
    await guard.dismiss()
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    dir,
    pid,
    stop: () => (stopping ??= stop()),
    kill: () => void child.kill('SIGKILL'),
  }
}

function missing(cause: Error, binary: string): BotError {
  const why = 'code' in cause && cause.code === 'ENOENT' ? 'is not installed' : 'cannot be run'
  return new BotError('store.unavailable', `${binary} ${why} here, and the bot needs one of its own.`, {
    hint: 'Run scripts/setup.sh, or install Redis 6.2 or newer so that redis-server is on the PATH.',
    cause,
  })
}

/**
 * A shell that reads until we are gone, even by SIGKILL, and then ends Redis and removes its folder.
 * `forget`: the process is gone and its number may be somebody else's by now.
 */
const GUARD =
  'while read -r word; do pid=; done; [ -n "$pid" ] && kill -9 "$pid"; [ -n "$dir" ] && sleep 0.1 && rm -rf "$dir"; :'

function startGuard(pid: number, dir: string) {
  const guard = spawn('/bin/sh', ['-c', `pid=$1 dir=$2; ${GUARD}`, 'okms-redis-guard', `${pid}`, dir], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  })
  const gone = new Promise<void>(resolve => guard.once('exit', () => resolve()))
  const pipe = guard.stdin as Socket | null
  // Nobody to guard with is no reason not to start; it is only the safety net.
  guard.on('error', () => {})
  pipe?.on('error', () => {})
  pipe?.unref()
  guard.unref()
  return {
    forgetProcess: () => void pipe?.write('forget\n'),
    async dismiss() {
      if (guard.pid === undefined) return
      guard.ref()
      pipe?.end('forget\n')
      if (guard.exitCode === null) await gone
    },
  }
}

async function untilReady(child: ChildProcess, port: number, logFile: string): Promise<void> {
  const giveUpAt = Date.now() + START_WITHIN_MS
  while (Date.now() < giveUpAt) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const log = await readFile(logFile, 'utf8').catch(() => '')
      if (/Address already in use/i.test(log)) throw new PortTaken()
      throw notStarted(log)
    }
    if ((await answers(port, child.pid!)) === 'ready') return
    await sleep(LOOK_EVERY_MS)
  }
  throw notStarted(await readFile(logFile, 'utf8').catch(() => ''))
}

function notStarted(log: string): BotError {
  const last = log.trim().split('\n').at(-1) ?? ''
  return new BotError(
    'store.unavailable',
    `redis-server did not start${last === '' ? '' : `: ${last.slice(0, 200)}`}.`,
    {
      hint: 'The bot needs Redis 6.2 or newer.',
    },
  )
}

/** Whether the process of this id answers there; whoever else took the port is not ours. https://redis.io/docs/latest/commands/info */
async function answers(port: number, pid: number): Promise<'ready' | 'not yet'> {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.setEncoding('utf8').setTimeout(1000, () => socket.destroy())
  socket.on('data', text => {
    heard += text
    if (/process_id:\d+\r/.test(heard)) socket.destroy()
  })
  socket.on('error', () => {})
  socket.write('PING\r\nINFO server\r\n')
  await once(socket, 'close').catch(() => {})
  return heard.includes('+PONG') && heard.includes(`process_id:${pid}\r`) ? 'ready' : 'not yet'
}

export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
