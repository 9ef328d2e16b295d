/**
 * What every platform promises: the same conversations with the same bot in a terminal, on Discord and in Slack, the latter two
 * through the real clients. How each keeps the promise goes to docs/parity.md.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  closedDirectMessages,
  credential,
  fileIn,
  keyIn,
  refusal,
  retry,
} from './conversations/credentials.js'
import { fileOut, lateToken, list, longTable, picture } from './conversations/looking.js'
import { tryingAgain } from './conversations/operating.js'
import { form, thread } from './conversations/requests.js'
import { type Conversation, openScene, PLATFORMS, type Platform, type Scene } from './conversations/scene.js'

/** In this order: the later ones find what the earlier ones left. */
const CONVERSATIONS: readonly Conversation[] = [
  list,
  credential,
  refusal,
  form,
  thread,
  fileIn,
  keyIn,
  fileOut,
  retry,
  lateToken,
  closedDirectMessages,
  tryingAgain,
  picture,
  longTable,
]

const kept = new Map<string, string>()

describe.each(PLATFORMS)('on %s, the bot', platform => {
  let scene: Scene
  beforeAll(async () => {
    scene = await openScene(platform)
  })
  afterAll(() => scene?.bot.stop())
  afterEach(() => {
    // Whatever was said kept to the vendor's schema and limits; the stand-ins know both.
    expect(scene.side.complaints()).toEqual([])
  })

  for (const { name, promise, hold } of CONVERSATIONS) {
    it(promise, async () => {
      kept.set(`${platform}/${name}`, await hold(scene))
    })
  }
})

it('keeps its promises on each platform as docs/parity.md says', async context => {
  // With a part of the conversations alone there is nothing to compare.
  context.skip(kept.size < CONVERSATIONS.length * PLATFORMS.length)

  await expect(parityTable()).toMatchFileSnapshot('../../docs/parity.md')
})

const TITLES: Record<Platform, string> = { console: 'Console', discord: 'Discord', slack: 'Slack' }

function parityTable(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    '# The same bot on every platform',
    '',
    'Written by `test/contracts/conversations.test.ts` from what it saw: each row is one conversation, held on each platform. After a change that is meant: `npx vitest run test/contracts/conversations.test.ts -u`.',
    '',
    row(['conversation', 'the bot …', ...PLATFORMS.map(platform => TITLES[platform])]),
    row(['---', '---', ...PLATFORMS.map(() => '---')]),
    ...CONVERSATIONS.map(({ name, promise }) =>
      row([name, promise, ...PLATFORMS.map(platform => kept.get(`${platform}/${name}`)!)]),
    ),
    '',
  ].join('\n')
}
