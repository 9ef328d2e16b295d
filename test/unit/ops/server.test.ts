/** The operators' door over real HTTP. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../src/core/ports/log.js'
import { Secret } from '../../../src/core/secret.js'
import { behindPassword } from '../../../src/ops/basic-auth.js'
import { type OpsServer, type OpsServerParts, startOpsServer } from '../../../src/ops/server.js'

const open: OpsServer[] = []
afterEach(() => Promise.all(open.splice(0).map(server => server.close())))

async function start(parts: Partial<OpsServerParts> = {}) {
  const server = await startOpsServer({
    port: 0,
    host: '127.0.0.1',
    ready: async () => ({ ok: true, checks: [] }),
    metrics: async () => 'up 1\n',
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    log: silentLog,
    ...parts,
  })
  open.push(server)
  return (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${server.port}${path}`, init)
}

const board = behindPassword(
  { user: 'ops', password: new Secret('correct horse: battery') },
  (request, response) => response.end(`board ${request.url}`),
  silentLog,
)
const basic = (credentials: string) => ({
  headers: { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
})

describe('the operators’ door', () => {
  it('says that the process lives, whether or not it is ready', async () => {
    const get = await start({ ready: async () => ({ ok: false, checks: [] }) })

    const answer = await get('/healthz')

    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('ok\n')
  })

  it('tells why the process is not ready with 503, and 200 once it is', async () => {
    let ok = false
    const checks = () => [{ name: 'redis', ok, detail: ok ? 'answers' : 'does not answer' }]
    const get = await start({ ready: async () => ({ ok, checks: checks() }) })

    const before = await get('/readyz')
    ok = true
    const after = await get('/readyz')

    expect(before.status).toBe(503)
    expect(await before.json()).toEqual({
      ok: false,
      checks: [{ name: 'redis', ok: false, detail: 'does not answer' }],
    })
    expect(after.status).toBe(200)
    expect(after.headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  it('tells the metrics as Prometheus reads them', async () => {
    const get = await start()

    const answer = await get('/metrics?name=up')

    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await answer.text()).toBe('up 1\n')
  })

  it('answers HEAD with the same head and no body', async () => {
    const get = await start()

    const answer = await get('/metrics', { method: 'HEAD' })

    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-length')).toBe('5')
    expect(await answer.text()).toBe('')
  })

  it.each(['/', '/queues', '/queues/api/queues', '/healthz/', '/constructor', '/..%2fhealthz', '//healthz'])(
    'knows no %s',
    async path => {
      const get = await start()

      expect((await get(path)).status).toBe(404)
    },
  )

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    'refuses %s everywhere, the board included',
    async method => {
      const get = await start({ board })

      for (const path of ['/healthz', '/queues', '/nowhere']) {
        const answer = await get(path, { method, ...basic('ops:correct horse: battery') })
        expect(answer.status).toBe(405)
        expect(answer.headers.get('allow')).toBe('GET, HEAD')
      }
    },
  )

  it('reads no bodies', async () => {
    const get = await start()
    const socket = connect(Number(new URL((await get('/healthz')).url).port), '127.0.0.1')

    socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\nmuch')
    const answer = await text(socket)

    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    expect(answer).toMatch(/^connection: close\r$/im)
  })

  it('sends no answer that may be kept, framed, or taken for something else', async () => {
    const get = await start({ board })

    for (const path of ['/healthz', '/readyz', '/metrics', '/queues', '/nowhere']) {
      const { headers } = await get(path)
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-powered-by')).toBeNull()
    }
  })

  it('says nothing of what broke but to the log', async () => {
    const said: unknown[] = []
    const log = { ...silentLog, warn: (...line: unknown[]) => void said.push(line) }
    const get = await start({ log, metrics: () => Promise.reject(new Error('redis://:hunter2@redis')) })

    const answer = await get('/metrics')

    expect(answer.status).toBe(503)
    expect(await answer.text()).not.toContain('hunter2')
    expect(said).toHaveLength(1)
  })

  it('waits for nobody longer than its limit, and asks only once meanwhile', async () => {
    let asked = 0
    const never = () => {
      asked++
      return new Promise<never>(() => {})
    }
    const get = await start({ ready: never, answerWithinMs: 30 })

    const statuses = await Promise.all([get('/readyz'), get('/readyz')]).then(all =>
      all.map(({ status }) => status),
    )
    await get('/readyz')

    expect(statuses).toEqual([503, 503])
    expect(asked).toBe(1)
    expect((await get('/healthz')).status).toBe(200)
  })

  it('says which port is taken, and what to do', async () => {
    const get = await start()
    const port = Number(new URL((await get('/healthz')).url).port)

    await expect(start({ port })).rejects.toMatchObject({
      code: 'input.invalid',
      message: `OPS_PORT is ${port}, which is taken.`,
    })
  })

  it('answers what was asked before it closes', async () => {
    let begin = () => {}
    const begun = new Promise<void>(resolve => (begin = resolve))
    let finish = () => {}
    const server = await startOpsServer({
      port: 0,
      host: '127.0.0.1',
      ready: async () => ({ ok: true, checks: [] }),
      metrics: () => {
        begin()
        return new Promise(resolve => (finish = () => resolve('late 1\n')))
      },
      contentType: 'text/plain',
      log: silentLog,
    })
    const asked = fetch(`http://127.0.0.1:${server.port}/metrics`)
    await begun

    const closed = server.close()
    finish()

    expect(await (await asked).text()).toBe('late 1\n')
    await closed
    await expect(fetch(`http://127.0.0.1:${server.port}/healthz`)).rejects.toThrow()
  })
})

describe('the password before the board', () => {
  it('lets in with the right name and password', async () => {
    const get = await start({ board })

    const answer = await get('/queues/queue/flows', basic('ops:correct horse: battery'))

    expect(answer.status).toBe(200)
    expect(await answer.text()).toBe('board /queues/queue/flows')
  })

  it.each([
    ['nothing', {}],
    ['a wrong password', basic('ops:correct horse')],
    ['a wrong name', basic('root:correct horse: battery')],
    ['no password', basic('ops')],
    ['no credentials', basic('')],
    ['another scheme', { headers: { authorization: 'Bearer correct horse: battery' } }],
    ['no base64', { headers: { authorization: 'Basic ops:correct' } }],
  ])('asks whoever brings %s', async (_, init) => {
    const get = await start({ board })

    const answer = await get('/queues', init)

    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="okms-bot"/)
    expect(await answer.text()).toBe('The queue board asks for OPS_USER and OPS_PASSWORD.\n')
  })

  it('guards nothing else', async () => {
    const get = await start({ board })

    expect((await get('/healthz')).status).toBe(200)
    expect((await get('/queuesandmore')).status).toBe(404)
  })
})
