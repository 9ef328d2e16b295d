/**
 * Acknowledging a slash command: the bot's chat half beside a Bolt app that does nothing else, each as a process of its own. A hundred
 * people type at the same moment; the next hundred do so once all have their answer.
 */
import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { median, type Row } from './row.js'

const IN_FLIGHT = 100
const BURSTS = 43
/** Of them the last ones. */
const COUNTED = 35
const SIGNING_SECRET = 'bench'

interface Took {
  p50: number
  p99: number
}

/** As much of Slack's Web API as the bot calls to say hello and to answer. */
async function startApi() {
  let answers = 0
  const server = createServer((incoming, response) => {
    incoming.resume().once('end', () => {
      if (incoming.url?.startsWith('/respond')) answers++
      response.writeHead(200, { 'content-type': 'application/json', 'x-oauth-scopes': 'commands' })
      response.end(
        '{"ok":true,"bot_id":"B00BOT","user_id":"U00BOT","team_id":"T00","team":"bench","usergroups":[]}',
      )
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    answers: () => answers,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

export async function measureAcknowledging(redisUrl: string): Promise<Row[]> {
  const api = await startApi()
  const ours = await startApp('ours', api.url, redisUrl)
  const plain = await startApp('plain', api.url, redisUrl)
  const rounds: { ours: Took; plain: Took }[] = []
  for (let burst = 0; burst < BURSTS; burst++) {
    const before = api.answers()
    const mine = await takesOf(ours.port, burst)
    // What follows an acknowledgement is not to weigh on the other app.
    while (api.answers() < before + IN_FLIGHT) await sleep(5)
    rounds.push({ ours: mine, plain: await takesOf(plain.port, burst) })
  }
  ours.end()
  plain.end()
  api.close()
  // The first bursts warm both up.
  const warm = rounds.slice(BURSTS - COUNTED)
  return (['p50', 'p99'] as const).map(percentile => {
    const [mine, other] = (['ours', 'plain'] as const).map(app =>
      median(warm.map(round => round[app][percentile])),
    )
    const ratio = mine! / other!
    return {
      what: `acknowledging a slash command on Slack, ${percentile}, ${IN_FLIGHT} at the same moment`,
      ours: `${mine!.toFixed(1)} ms`,
      against: `a Bolt app that only acknowledges: ${other!.toFixed(1)} ms`,
      ratio,
      goal: '≤ 1.5 ×',
      reached: ratio <= 1.5,
    }
  })
}

async function startApp(which: 'ours' | 'plain', api: string, redisUrl: string) {
  const program = fileURLToPath(new URL('slack-app.js', import.meta.url))
  const app = spawn(process.execPath, [program, which, `${api}/api/`, redisUrl, SIGNING_SECRET], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(app.stdout, 'data')) as [Buffer]
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT })
  return {
    port: { number: Number(String(line)), agent, api, which },
    end: () => {
      agent.destroy()
      app.stdin.end()
    },
  }
}

type Port = Awaited<ReturnType<typeof startApp>>['port']

/** All of a burst at once. */
async function takesOf(port: Port, burst: number): Promise<Took> {
  const took = await Promise.all(
    Array.from({ length: IN_FLIGHT }, (_, i) => acknowledgement(port, `${port.which}-${burst}-${i}`)),
  )
  took.sort((a, b) => a - b)
  return { p50: took[IN_FLIGHT / 2]!, p99: took[Math.floor(IN_FLIGHT * 0.99)]! }
}

/** Milliseconds from sending a signed command to its acknowledgement. */
async function acknowledgement({ number: port, agent, api }: Port, trigger: string): Promise<number> {
  const body = new URLSearchParams({
    command: '/okms',
    text: 'help',
    trigger_id: trigger,
    user_id: 'U00ANA',
    user_name: 'ana',
    channel_id: 'C00OPS',
    channel_name: 'ops',
    team_id: 'T00',
    response_url: `${api}/respond/${trigger}`,
  }).toString()
  const timestamp = Math.floor(Date.now() / 1000)
  const mac = createHmac('sha256', SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest('hex')
  const startedAt = performance.now()
  const outgoing = request({
    host: '127.0.0.1',
    port,
    path: '/slack/events',
    method: 'POST',
    agent,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${mac}`,
    },
  })
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [import('node:http').IncomingMessage]
  response.resume()
  await once(response, 'end')
  if (response.statusCode !== 200) throw new Error(`the app answered ${response.statusCode}`)
  return performance.now() - startedAt
}
