/** The gateway of the stand-in: HELLO, IDENTIFY, READY, heartbeats, RESUME. https://docs.discord.com/developers/events/gateway */
import type { Server } from 'node:http'
import { type WebSocket, WebSocketServer } from 'ws'
import { APPLICATION, FOREIGN_GUILD, GUILD, type World } from './world.js'

const OP = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  invalidSession: 9,
  hello: 10,
  heartbeatAck: 11,
} as const
const GUILDS_INTENT = 1
const HEARTBEAT_EVERY_MS = 41_250

interface Session {
  id: string
  sent: { t: string; d: unknown; s: number }[]
  socket: WebSocket | null
}

export interface FakeGateway {
  /** Sends an event to the bot; kept for those who resume. `false`: nobody has ever connected. */
  dispatch(event: string, data: unknown): boolean
  isConnected(): boolean
  /** Cuts the connection, as networks do; the client may resume. */
  cut(): void
  /** How often the bot identified and resumed. */
  readonly counts: { identified: number; resumed: number }
  close(): Promise<void>
}

export function startGateway(
  server: Server,
  world: World,
  parts: { token: string; url(): string },
): FakeGateway {
  const sockets = new WebSocketServer({ server, path: '/gateway' })
  let session: Session | null = null
  const counts = { identified: 0, resumed: 0 }

  function emit(to: Session, t: string, d: unknown): void {
    const event = { t, d, s: to.sent.length + 1 }
    to.sent.push(event)
    to.socket?.send(JSON.stringify({ op: OP.dispatch, ...event }))
  }

  function identify(socket: WebSocket, d: { token: string; intents: number }): void {
    if (d.token !== parts.token) {
      socket.close(4004, 'Authentication failed.')
      return
    }
    if (d.intents !== GUILDS_INTENT) {
      socket.close(4014, 'Disallowed intent(s).')
      return
    }
    counts.identified++
    session = { id: `session-${counts.identified}`, sent: [], socket }
    emit(session, 'READY', {
      v: 10,
      user: {
        id: APPLICATION,
        username: 'okms',
        discriminator: '0',
        bot: true,
        avatar: null,
        global_name: null,
      },
      guilds: [GUILD, FOREIGN_GUILD].map(id => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: parts.url(),
      application: { id: APPLICATION, flags: 0 },
    })
    for (const id of [GUILD, FOREIGN_GUILD]) emit(session, 'GUILD_CREATE', guildPayload(id, world))
  }

  function resume(socket: WebSocket, d: { token: string; session_id: string; seq: number }): void {
    if (d.token !== parts.token) {
      socket.close(4004, 'Authentication failed.')
      return
    }
    if (session?.id !== d.session_id) {
      socket.send(JSON.stringify({ op: OP.invalidSession, d: false }))
      return
    }
    counts.resumed++
    session.socket = socket
    for (const event of session.sent.filter(({ s }) => s > d.seq))
      socket.send(JSON.stringify({ op: OP.dispatch, ...event }))
    emit(session, 'RESUMED', {})
  }

  sockets.on('connection', socket => {
    socket.send(JSON.stringify({ op: OP.hello, d: { heartbeat_interval: HEARTBEAT_EVERY_MS } }))
    socket.on('message', raw => {
      const { op, d } = JSON.parse(String(raw)) as { op: number; d: never }
      if (op === OP.heartbeat) socket.send(JSON.stringify({ op: OP.heartbeatAck }))
      else if (op === OP.identify) identify(socket, d)
      else if (op === OP.resume) resume(socket, d)
    })
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = null
    })
  })

  return {
    counts,
    isConnected: () => session?.socket != null,
    dispatch(event, data) {
      if (!session) return false
      emit(session, event, data)
      return true
    },
    cut() {
      session?.socket?.terminate()
    },
    close: () =>
      new Promise(resolve => {
        for (const socket of sockets.clients) socket.terminate()
        sockets.close(() => resolve())
      }),
  }
}

function guildPayload(id: string, world: World) {
  const channels = [...world.channels.values()].filter(({ guildId, type }) => guildId === id && type === 0)
  return {
    id,
    name: 'shop.example.org',
    owner_id: APPLICATION,
    roles: [],
    emojis: [],
    stickers: [],
    features: [],
    members: [],
    presences: [],
    voice_states: [],
    threads: [],
    stage_instances: [],
    guild_scheduled_events: [],
    channels: channels.map(channel => ({
      id: channel.id,
      type: channel.type,
      name: channel.name,
      permission_overwrites: [],
    })),
    member_count: world.users.size,
    joined_at: new Date(0).toISOString(),
    unavailable: false,
  }
}
