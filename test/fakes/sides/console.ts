/** The terminal as a side of a whole bot: people type the lines that the demo knows, and read what stands on the board. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { silentLog } from '../../../src/core/ports/log.js'
import { createPainter } from '../../../src/pictures/painter.js'
import { createConsoleDoor } from '../../../src/platforms/console/adapter.js'
import type { ShownMessage } from '../../../src/platforms/console/board.js'
import { createInbox, type Inbox } from '../../../src/platforms/console/inbox.js'
import { createSession } from '../../../src/platforms/console/session.js'
import type { Place, Side, Talker } from '../talking.js'

const HOME = 'ops'
/** Pictures are nobody's own. */
const EVERYBODY = '*'
const PEOPLE = ['ana', 'bo', 'cy', 'dee']

export async function consoleSide(): Promise<Side> {
  const disk = mkdtempSync(join(tmpdir(), 'okms-terminal-'))
  const received: { person: string; name: string; path: string }[] = []
  const inbox = createInbox(disk)
  const noting: Inbox = {
    async show(name, bytes) {
      const path = await inbox.show(name, bytes)
      received.push({ person: EVERYBODY, name, path: resolve(path) })
      return path
    },
    async put(person, name, ...rest) {
      const path = await inbox.put(person, name, ...rest)
      received.push({ person, name, path: resolve(path) })
      return path
    },
  }
  const printed: string[] = []
  const screen = { print: (lines: readonly string[]) => void printed.push(...lines), rewrite: () => false }
  // The terminal and what stands on it outlive a restart of what answers there.
  const door = createConsoleDoor(screen, noting, createPainter(silentLog))
  const nothing = async () => {}
  const session = createSession({ door, people: PEOPLE, home: HOME, settle: nothing, advance: nothing })

  /** @throws what the console itself answers: no such button, no open form */
  async function types(line: string): Promise<void> {
    const from = printed.length
    const { understood } = await session.line(line)
    const note = printed.slice(from).find(said => said.startsWith('[console]'))
    if (!understood || note !== undefined) throw new Error(note ?? `the console does not know ${line}`)
  }

  const speaker = (name: string, place: Place | undefined) => {
    if (place === undefined) return name
    if (place === 'dm') return `${name} dm`
    return 'thread' in place ? `${name} thread ${place.thread}` : `${name} #${place.channel}`
  }

  function person(name: string): Talker {
    const says = (line: string, place?: Place) => types(`${speaker(name, place)}: ${line}`)
    const readable = (place?: Place) => door.board.readableBy(name).filter(message => isAt(message, place))
    return {
      name,
      says,
      async brings(line, option, file) {
        const path = join(disk, file.name)
        writeFileSync(path, file.bytes)
        await says(`${line} ${option}:${path}`)
      },
      pastes: (line, option, text) => says(`${line} ${option}:"${text.trim().replaceAll('\n', '\\n')}"`),
      async presses(label, runId) {
        const mine = readable().flatMap(({ buttons }) => buttons)
        if (
          !mine.some(
            button => bare(button.label) === bare(label) && (runId ?? button.subject) === button.subject,
          )
        )
          throw new Error(`${name} sees no button ${label}`)
        await types(`${name}: press ${label}${runId === undefined ? '' : ` ${runId}`}`)
      },
      fills: fields =>
        types(
          `${name}: fill ${Object.entries(fields)
            .map(([field, value]) => `${field}:"${value}"`)
            .join(' ')}`,
        ),
      sees: place => readable(place).map(({ lines }) => lines.join('\n')),
      files: async () =>
        received
          .filter(file => file.person === name || file.person === EVERYBODY)
          .map(file => ({ name: file.name, bytes: readFileSync(file.path) })),
    }
  }

  return {
    platform: 'console',
    person,
    inThreads: '@okms',
    createDoor: () => door,
    complaints: () => [],
    wire: () => [],
    answersLapse: null,
    directMessages: null,
    isAtWork: () => false,
    stop: () => rm(disk, { recursive: true, force: true }),
  }
}

const bare = (label: string) => label.replace(/…$/, '').toLowerCase()

function isAt({ readers }: ShownMessage, place: Place | undefined): boolean {
  if (place === undefined) return true
  if (place === 'dm') return readers.kind === 'dm'
  if (!('place' in readers)) return false
  return 'thread' in place
    ? readers.kind === 'thread' && readers.place === `thread-${place.thread}`
    : readers.kind === 'channel' && readers.place === place.channel
}
