/** Where a conversation takes place: a whole bot on one platform, four people, and somebody who listens to all of them. */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { openssl } from '../../fakes/openssl.js'
import { consoleSide } from '../../fakes/sides/console.js'
import { discordSide } from '../../fakes/sides/discord.js'
import { slackSide } from '../../fakes/sides/slack.js'
import type { SeenFile, Side, Talker } from '../../fakes/talking.js'
import { startBot } from '../../fakes/whole-bot.js'

export const PLATFORMS = ['console', 'discord', 'slack'] as const
export type Platform = (typeof PLATFORMS)[number]
const SIDES = { console: consoleSide, discord: discordSide, slack: slackSide }

export type Scene = Awaited<ReturnType<typeof openScene>>

export interface Conversation {
  name: string
  /** What is promised, as a colleague would say it. */
  promise: string
  /** Holds the conversation. Answers how it went there: `yes`, with what differs, or `–` and why there is no such thing. */
  hold(scene: Scene): Promise<string>
}

export async function openScene(platform: Platform) {
  const bot = await startBot({ here: SIDES[platform] })
  const side: Side = bot.sides.here
  const [ana, bo, cy, dee] = ['ana', 'bo', 'cy', 'dee'].map(side.person) as [Talker, Talker, Talker, Talker]
  const everybody = [ana, bo, cy, dee]

  return {
    bot,
    side,
    ana,
    bo,
    cy,
    dee,
    settles: bot.settles,
    /** From now on, listens to what each can read that is new or reads differently. */
    listens() {
      const before = new Map(everybody.map(person => [person, person.sees()]))
      return {
        by: (person: Talker): string => added(before.get(person)!, person.sees(), text => text).join('\n'),
      }
    },
    /** What a person can open now and could not before. */
    async watchesFiles(person: Talker) {
      const before = await person.files()
      return async () => added(before, await person.files(), contents)
    },
  }
}

const contents = ({ name, bytes }: SeenFile) => `${name} ${bytes.toString('base64')}`

/** What is there now and was not before; the same thing twice is there twice. */
function added<T>(before: readonly T[], now: readonly T[], likeness: (one: T) => string): T[] {
  const known = before.map(likeness)
  return now.filter(one => {
    const at = known.indexOf(likeness(one))
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}

/** The run that a text names last. */
export function runIn(text: string): string {
  const found = [...text.matchAll(/run ([0-9A-HJKMNP-TV-Z]{8})/g)].at(-1)?.[1]
  if (found === undefined) throw new Error(`no run is named in: ${text}`)
  return found
}

/** A certificate signing request for a key that nobody keeps. */
export async function newRequest(): Promise<string> {
  const said = await openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    '/dev/null',
    '-subj',
    '/CN=vc',
  )
  return said.slice(said.indexOf('-----BEGIN CERTIFICATE REQUEST'))
}

export const fileNamed = (files: readonly SeenFile[], name: string): string => {
  const found = files.find(file => file.name === name)
  if (!found) throw new Error(`there is no ${name} among ${files.map(file => file.name)}`)
  return found.bytes.toString()
}

export const spkiOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString()
export const certifiedKey = (pem: string) => spkiOf(new X509Certificate(pem).publicKey)
