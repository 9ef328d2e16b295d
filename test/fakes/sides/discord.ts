/** The stand-in Discord as a side of a whole bot, spoken to through the real client. */
import type { MovableClock } from '../../../src/core/ports/clock.js'
import type { Log } from '../../../src/core/ports/log.js'
import { Secret } from '../../../src/core/secret.js'
import { createPainter } from '../../../src/pictures/painter.js'
import { createDiscordDoor } from '../../../src/platforms/discord/adapter.js'
import type { DiscordPerson } from '../discord/person.js'
import { type FakeDiscord, startFakeDiscord } from '../discord/server.js'
import type { Side } from '../talking.js'

export interface DiscordSide extends Side {
  readonly discord: FakeDiscord
  person(name: string): DiscordPerson
}

const TOKEN_LIVES_MS = 15 * 60_000
/** Closed direct messages; somebody who is in no server; a thread opened before a restart: answers that a faultless bot gets too. */
const NO_FAULT_OF_OURS = [50007, 10007, 160004]
const INTERACTION_TOKEN = /interaction-token-[^/]+/

export async function discordSide({ clock, log }: { clock: MovableClock; log: Log }): Promise<DiscordSide> {
  const discord = await startFakeDiscord(clock)
  const people = new Map(['ana', 'bo', 'cy', 'dee'].map(name => [name, discord.person(name)]))
  let complainedUntil = 0

  const person = (name: string) => people.get(name)!

  return {
    platform: 'discord',
    discord,
    person,
    inThreads: '/okms',
    createDoor: () =>
      createDiscordDoor({
        token: new Secret(discord.token),
        applicationId: discord.applicationId,
        guildIds: [discord.guildId],
        apiUrl: discord.apiUrl,
        log,
        clock,
        painter: createPainter(log),
        onFatal: () => log.error('Discord ended the bot', {}),
        paceMs: 0,
      }),
    complaints() {
      const asked = discord.requests.slice(complainedUntil)
      complainedUntil = discord.requests.length
      return asked
        .filter(({ code }) => code !== null && !NO_FAULT_OF_OURS.includes(code))
        .map(
          ({ method, path, code, why }) => `${method} ${path.replace(INTERACTION_TOKEN, '…')} ${why} ${code}`,
        )
    },
    wire: () =>
      discord.requests.map(({ method, path, raw }) => ({
        to: `${method} ${path.split('/').at(-1)}`,
        bytes: raw,
      })),
    answersLapse: time => time.passes(TOKEN_LIVES_MS + 1000),
    directMessages: {
      closes: name => person(name).closesDirectMessages(),
      opens(name) {
        person(name).user.closedDms = false
      },
    },
    isAtWork: () => false,
    stop: () => discord.stop(),
  }
}
