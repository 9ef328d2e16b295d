/** The queue board on real queues in a real Redis. */
import { Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/core/ports/log.js'
import { Secret } from '../../../src/core/secret.js'
import { type RedisServer, startRedisServer } from '../../../src/demo/redis-server.js'
import { createBoard } from '../../../src/ops/board.js'
import { type OpsServer, startOpsServer } from '../../../src/ops/server.js'

let redis: RedisServer
let queue: Queue
let server: OpsServer
beforeAll(async () => {
  redis = await startRedisServer({ appendOnly: false })
  queue = new Queue('flows', { connection: { host: '127.0.0.1', port: redis.port }, prefix: '{okms}:q' })
  await queue.add('run', { runId: '7F3K9Q2M' }, { jobId: 'run-7F3K9Q2M' })
  server = await startOpsServer({
    port: 0,
    host: '127.0.0.1',
    ready: async () => ({ ok: true, checks: [] }),
    metrics: async () => '',
    contentType: 'text/plain',
    board: createBoard([queue], { user: 'ops', password: new Secret('p') }, silentLog),
    log: silentLog,
  })
})
afterAll(async () => {
  await server.close()
  await queue.close()
  await redis.stop()
})

const authorization = `Basic ${Buffer.from('ops:p').toString('base64')}`
const get = (path: string, method = 'GET') =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers: { authorization } })

describe('the queue board', () => {
  it('is a page that finds its scripts, and fetches nothing from elsewhere', async () => {
    const page = await get('/queues')
    const html = await page.text()

    expect(page.status).toBe(200)
    expect(html).toContain('<base href="/queues/"')
    const script = /src="(static\/[^"]+\.js)"/.exec(html)![1]!
    expect((await get(`/queues/${script}`)).headers.get('content-type')).toContain('javascript')
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/)
    expect(page.headers.get('x-powered-by')).toBeNull()
  })

  it('shows the queues and their jobs, and that nothing can be done to them', async () => {
    const shown = (await (await get('/queues/api/queues?activeQueue=flows')).json()) as {
      queues: { name: string; readOnlyMode: boolean; jobs: { id: string; data: unknown }[] }[]
    }

    expect(shown.queues).toEqual([expect.objectContaining({ name: 'flows', readOnlyMode: true })])
    expect(shown.queues[0]!.jobs).toEqual([expect.objectContaining({ id: 'run-7F3K9Q2M' })])
  })

  it.each([
    ['POST', '/queues/api/queues/flows/add'],
    ['PUT', '/queues/api/queues/flows/pause'],
    ['PUT', '/queues/api/queues/flows/run-7F3K9Q2M/clean'],
    ['PUT', '/queues/api/queues/flows/obliterate'],
  ])('answers %s %s with a refusal, and the job is still there', async (method, path) => {
    expect((await get(path, method)).status).toBe(405)

    expect(await queue.getJob('run-7F3K9Q2M')).toBeDefined()
    expect(await queue.isPaused()).toBe(false)
  })

  it('does not show where in our code a page broke', async () => {
    const answer = await get('/queues/static/%c0')

    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(await answer.text()).not.toMatch(/node_modules|\.js:\d/)
  })
})
