/**
 * A whole bot for a test: the demo (real Redis, real queues, the sandbox, the console) with a screen that remembers. People
 * talk to it as in a terminal; assertions read the transcript, the inboxes and what is left at OVHcloud.
 */
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type DemoOptions, startDemo } from '../../src/demo/demo.js'
import { createLog } from '../../src/ops/log.js'
import { channel, person } from '../../src/platforms/console/adapter.js'

export const PROJECT = resolve(import.meta.dirname, '../..')

export type TestBot = Awaited<ReturnType<typeof startTestBot>>

export async function startTestBot(
  options: Partial<Pick<DemoOptions, 'worker' | 'policyFile' | 'metrics' | 'deadMan'>> = {},
) {
  const home = await mkdtemp(join(tmpdir(), 'okms-test-'))
  const screen: string[] = []
  const logLines: string[] = []
  const demo = await startDemo({
    root: PROJECT,
    policyFile: join(PROJECT, 'demo/policy.yaml'),
    home,
    redisDir: join(home, 'redis'),
    screen: {
      print: lines => void screen.push(...lines),
      rewrite: () => false,
    },
    log: createLog('debug', line => void logLines.push(line)),
    ...options,
  })

  // OVHcloud takes its seconds only where a test is about waiting.
  await demo.sandbox.control({ creating: '0s' })

  return {
    ...demo,
    home,
    logLines,
    /** Everything shown so far, one line each. */
    screen,
    transcript: () => screen.join('\n'),
    /** Types lines one after another and answers what was shown meanwhile. */
    async type(...typed: string[]): Promise<string> {
      const before = screen.length
      for (const line of typed) await demo.session.line(line)
      return screen.slice(before).join('\n')
    },
    /** Presses a button without waiting for others, as many do at once. */
    pressAtOnce: (name: string, press: string, runId: string) =>
      demo.door.press({ actor: person(name), conversation: channel('ops'), press, subject: runId }),
    /** The live credentials at OVHcloud. */
    live: () =>
      demo.sandbox.credentials().filter(({ status }) => status === 'READY' || status === 'CREATING'),
    inbox: {
      files: async (person: string) => (await readdir(join(home, 'inbox', person)).catch(() => [])).sort(),
      path: (person: string, name: string) => join(home, 'inbox', person, name),
      read: (person: string, name: string) => readFile(join(home, 'inbox', person, name)),
      mode: async (person: string, name: string) =>
        (await stat(join(home, 'inbox', person, name))).mode & 0o777,
    },
    async stop() {
      await demo.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** The run id that a transcript names last. */
export const lastRunId = (text: string): string =>
  [...text.matchAll(/run ([0-9A-HJKMNP-TV-Z]{8})/g)].at(-1)?.[1] ?? ''
