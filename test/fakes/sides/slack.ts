/** The stand-in for Slack as a side of a whole bot, spoken to through the real clients over signed HTTP. */
import type { MovableClock } from '../../../src/core/ports/clock.js'
import type { Log } from '../../../src/core/ports/log.js'
import { Secret } from '../../../src/core/secret.js'
import { createPainter } from '../../../src/pictures/painter.js'
import { createSlackDoor, type SlackDoor } from '../../../src/platforms/slack/adapter.js'
import { SCOPES } from '../../../src/platforms/slack/manifest.js'
import { deliverOverHttp, SIGNING_SECRET } from '../slack/deliver.js'
import { createPerson, type SlackPerson } from '../slack/people.js'
import { BOT_TOKEN, type SlackServer, startSlackServer } from '../slack/server.js'
import { BOT_USER, World } from '../slack/world.js'
import type { Side } from '../talking.js'

export interface SlackSide extends Side {
  readonly world: World
  readonly server: SlackServer
  person(name: string): SlackPerson
}

const PEOPLE = ['ana', 'bo', 'cy', 'dee']
const RESPONSE_URL_USES = 5

export async function slackSide({ clock, log }: { clock: MovableClock; log: Log }): Promise<SlackSide> {
  const world = new World(clock)
  const ids = PEOPLE.map(name => world.addUser(name))
  world.addChannel('ops', [...ids, BOT_USER])
  const server = await startSlackServer(world)
  server.grants.scopes = Object.keys(SCOPES)
  let door: SlackDoor
  const delivery = deliverOverHttp(() => door.port()!, clock, [])
  const parts = { world, server, delivery: () => delivery, home: 'ops' }
  const people = new Map(PEOPLE.map(name => [name, createPerson(name, parts)]))

  return {
    platform: 'slack',
    world,
    server,
    person: name => people.get(name)!,
    inThreads: '@okms',
    createDoor() {
      door = createSlackDoor({
        botToken: new Secret(BOT_TOKEN),
        transport: { way: 'http', signingSecret: new Secret(SIGNING_SECRET), port: 0 },
        teamIds: [],
        apiUrl: server.url,
        log,
        clock,
        painter: createPainter(log),
        paceMs: 0,
      })
      return door
    },
    complaints: () => server.mistakes.splice(0),
    wire: () => server.requests.map(({ to, body }) => ({ to, bytes: Buffer.from(body, 'latin1') })),
    async answersLapse() {
      for (const entry of world.responseUrls.values()) entry.uses = RESPONSE_URL_USES
    },
    directMessages: {
      closes(name) {
        const { id: channel } = world.directMessages(world.users.get(name)!)
        for (const method of ['chat.postMessage', 'files.completeUploadExternal'])
          server.trouble({ method, channel, error: 'messages_tab_disabled' })
      },
      opens: () => server.untroubled(),
    },
    // Slack shares files some time after it took them.
    isAtWork: () => world.hasHiddenFiles(),
    stop: () => server.stop(),
  }
}
