import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { type RedisServer, startRedisServer } from '../../src/demo/redis-server.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const scratch = mkdtempSync(join(tmpdir(), 'okms-test-'))
const started: RedisServer[] = []

afterAll(async () => {
  await Promise.all(started.map(server => server.stop()))
  rmSync(scratch, { recursive: true, force: true })
})

async function start(options: Parameters<typeof startRedisServer>[0] = {}): Promise<RedisServer> {
  const server = await startRedisServer(options)
  started.push(server)
  return server
}

/** Sends a command and answers what Redis says; `null` when nobody is there. */
async function say(port: number, command: string): Promise<string | null> {
  const socket = connect(port, '127.0.0.1')
  let heard = ''
  socket.setEncoding('utf8').on('data', text => {
    heard += text
  })
  let refused = false
  socket.on('error', () => {
    refused = true
  })
  socket.write(`${command}\r\nQUIT\r\n`)
  await once(socket, 'close').catch(() => {})
  return refused ? null : heard
}

const isThere = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a Redis of our own', () => {
  it('answers on loopback alone, writes an append-only file and forgets nothing', async () => {
    const server = await start()

    expect(server.url).toBe(`redis://127.0.0.1:${server.port}`)
    expect(await say(server.port, 'PING')).toContain('+PONG')
    expect(await say(server.port, 'CONFIG GET appendonly')).toContain('yes')
    expect(await say(server.port, 'CONFIG GET maxmemory-policy')).toContain('noeviction')
    expect(await say(server.port, 'CONFIG GET bind')).toMatch(/\r\n127\.0\.0\.1\r\n/)
  })

  it('is gone after stop, process, port and folder', async () => {
    const server = await start()
    await say(server.port, 'SET a 1')
    expect(readdirSync(server.dir)).not.toEqual([])

    await server.stop()
    await server.stop()

    expect(isThere(server.pid)).toBe(false)
    expect(await say(server.port, 'PING')).toBeNull()
    expect(existsSync(server.dir)).toBe(false)
  })

  it('finds its data again in a folder that was given, also after a power cut', async () => {
    const dir = join(scratch, 'kept')
    const first = await start({ dir })
    await say(first.port, 'CONFIG SET appendfsync always')
    await say(first.port, 'SET word kept')
    first.kill()
    await first.stop()

    const second = await start({ dir })

    expect(await say(second.port, 'GET word')).toContain('kept')
    await second.stop()
    expect(existsSync(dir)).toBe(true)
  })

  it('may keep everything in memory', async () => {
    const server = await start({ appendOnly: false })

    expect(await say(server.port, 'CONFIG GET appendonly')).toContain('no')
  })

  it('comes in any number at once', async () => {
    const servers = await Promise.all([start(), start(), start()])

    expect(new Set(servers.map(({ port }) => port)).size).toBe(3)
  })

  it('says in one sentence that it is not installed', async () => {
    await expect(startRedisServer({ binary: 'redis-server-of-nobody' })).rejects.toMatchObject({
      code: 'store.unavailable',
      message: 'redis-server-of-nobody is not installed here, and the bot needs one of its own.',
      hint: expect.stringContaining('scripts/setup.sh'),
    })
  })

  it('says why it did not start, and leaves no folder behind', async () => {
    const binary = join(scratch, 'broken-redis')
    writeFileSync(
      binary,
      '#!/bin/sh\necho "1:M 01 Jan 2026 # Bad directive" > "$(echo "$*" | sed "s/.*--logfile \\([^ ]*\\).*/\\1/")"\nexit 1\n',
      {
        mode: 0o755,
      },
    )
    const foldersBefore = readdirSync(tmpdir()).filter(name => name.startsWith('okms-redis-')).length

    await expect(startRedisServer({ binary })).rejects.toThrow(
      'redis-server did not start: 1:M 01 Jan 2026 # Bad directive.',
    )
    expect(readdirSync(tmpdir()).filter(name => name.startsWith('okms-redis-')).length).toBeLessThanOrEqual(
      foldersBefore,
    )
  })

  it('ends with the process that started it, even when that is killed', async () => {
    const { child, server } = await startElsewhere()
    expect(await say(server.port, 'PING')).toContain('+PONG')

    child.kill('SIGKILL')

    await expect.poll(() => say(server.port, 'PING'), { timeout: 5000 }).toBeNull()
    await expect.poll(() => existsSync(server.dir), { timeout: 5000 }).toBe(false)
  })

  it('does not keep a process alive that forgot to stop it', async () => {
    const { child, server } = await startElsewhere()

    child.stdin.end()
    const [code] = await once(child, 'exit')

    expect(code).toBe(0)
    await expect.poll(() => say(server.port, 'PING'), { timeout: 5000 }).toBeNull()
  })
})

/** Starts one from another process, which lives until its standard input ends. */
async function startElsewhere() {
  const built = join(scratch, 'built')
  if (!existsSync(built)) {
    const tsc = join(root, 'node_modules/.bin/tsc')
    const options = [
      '--outDir',
      built,
      '--rootDir',
      root,
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--types',
      'node',
      '--skipLibCheck',
      '--noCheck',
      '--ignoreConfig',
    ]
    const { status, stdout } = spawnSync(tsc, [...options, join(root, 'src/demo/redis-server.ts')], {
      cwd: root,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(stdout)
    writeFileSync(join(built, 'package.json'), '{"type":"module"}')
  }
  const module = join(built, 'src/demo/redis-server.js')
  const program = `
    const { startRedisServer } = await import(${JSON.stringify(module)})
    console.log(JSON.stringify(await startRedisServer()))
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: dirname(module),
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, server: JSON.parse(line.toString()) as RedisServer }
}
