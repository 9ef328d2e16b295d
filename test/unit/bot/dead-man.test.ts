/** The dead-man switch of a process that has just begun. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { startDeadMan } from '../../../src/bot/dead-man.js'
import type { Finding } from '../../../src/core/ports/findings.js'
import { silentLog } from '../../../src/core/ports/log.js'
import type { Reply } from '../../../src/core/reply.js'

const ops = { platform: 'console', id: 'ops', name: '#ops', kind: 'channel' } as const
let stop = () => {}
afterEach(() => stop())

function start({ lastAtMs, open }: { lastAtMs: number | null; open: Finding | null }) {
  const findings = new Map(open ? [[open.id, open]] : [])
  const said: string[] = []
  const say = async (_: string, ...more: unknown[]) => {
    const reply = more.at(-1) as Reply
    said.push(String(reply.kind === 'text' ? reply.lines[0] : ''))
  }
  const beats = {
    nowMs: Date.now(),
    lastAtMs: new Map<string, number>(lastAtMs === null ? [] : [['sync', lastAtMs]]),
  }
  ;({ stop } = startDeadMan({
    beats: { read: async () => ({ ...beats, nowMs: Date.now() }), note: async () => {} },
    findings: {
      all: async () => findings,
      open: async finding => {
        findings.set(finding.id, finding)
        return finding
      },
      close: async id => void findings.delete(id),
    },
    reminderRules: { current: async () => ({ channelOfOkms: () => ops }) as never },
    outbox: { put: say, putOnce: say, rewrite: say, remove: async () => {}, adopt: async () => {} },
    log: silentLog,
    silentAfterMs: 200,
    lookEveryMs: 20,
  }))
  return { said, findings, beats }
}

it('does not call a standstill over because it has seen nothing of it yet', async () => {
  const sinceMs = Date.now() - 3_600_000
  const { said, findings, beats } = start({
    lastAtMs: sinceMs,
    open: { id: 'standstill', sinceMs, target: { to: 'conversation', conversation: ops } },
  })
  await sleep(120)
  expect(said).toEqual([])
  expect(findings.size).toBe(1)

  beats.lastAtMs.set('sync', Date.now())
  await expect.poll(() => findings.size).toBe(0)
  expect(said.at(-1)).toMatch(/^Sync and reminders go on, after 1 h/)
})

it('counts from when somebody looked, where nothing was ever done', async () => {
  const { findings } = start({ lastAtMs: null, open: null })

  await expect.poll(() => findings.size).toBe(1)

  expect(Date.now() - findings.get('standstill')!.sinceMs).toBeLessThan(5_000)
})
