/** What Slack sends, in our words. */
import { describe, expect, it } from 'vitest'
import {
  decodeCommand,
  decodeMention,
  decodePress,
  unmarked,
} from '../../../../src/platforms/slack/commands.js'
import { isServed } from '../../../../src/platforms/slack/listening.js'
import { spotOf } from '../../../../src/platforms/slack/place.js'

const command = {
  token: 'deprecated',
  team_id: 'T00TEAM',
  channel_id: 'C00OPS',
  channel_name: 'ops',
  user_id: 'U00ANA',
  user_name: 'ana',
  command: '/okms',
  text: 'credential reader 30d description:"for A &amp; B &lt;new&gt;"',
  response_url: 'https://hooks.slack.example/1',
  trigger_id: '13345224609.738474920.8088930838d88f008e0',
}

const press = {
  type: 'block_actions',
  user: { id: 'U00ANA', username: 'ana', team_id: 'T00TEAM' },
  container: {
    type: 'message',
    message_ts: '1700000000.000200',
    channel_id: 'C00OPS',
    thread_ts: '1700000000.000100',
  },
  trigger_id: '1.2.3',
  team: { id: 'T00TEAM', domain: 'team' },
  enterprise: null,
  channel: { id: 'C00OPS', name: 'ops' },
  message: { ts: '1700000000.000200', thread_ts: '1700000000.000100' },
  response_url: 'https://hooks.slack.example/2',
  actions: [
    { type: 'button', action_id: 'press/approve', block_id: 'b', value: '7F3K9Q2M', action_ts: '1.1' },
  ],
}

const mention = {
  type: 'event_callback',
  team_id: 'T00TEAM',
  event_id: 'Ev00ONE',
  event: {
    type: 'app_mention',
    user: 'U00BO',
    team: 'T00TEAM',
    text: '<@U00BOT> approve 7F3K9Q2M',
    channel: 'C00OPS',
    ts: '1700000000.000300',
    thread_ts: '1700000000.000100',
  },
}

describe('a slash command', () => {
  it('is words, said by somebody in a channel', () => {
    const { heard, text } = decodeCommand(command)

    expect(text).toBe('credential reader 30d description:"for A & B <new>"')
    expect(heard.id).toBe(command.trigger_id)
    expect(heard.actor).toEqual({ platform: 'slack', id: 'U00ANA', name: 'ana' })
    expect(heard.conversation).toEqual({ platform: 'slack', id: 'C00OPS', name: '#ops', kind: 'channel' })
  })

  it('keeps the line breaks of a pasted request', () => {
    const text = 'credential vcenter 1y csr:"-----BEGIN X-----\nMIIB+/=\n-----END X-----"'

    expect(decodeCommand({ ...command, text }).text).toBe(text)
  })

  it.each([
    ['D00ANA', 'directmessage', { kind: 'dm', name: 'direct messages' }],
    ['G00SEC', 'privategroup', { kind: 'channel', name: 'G00SEC' }],
  ])('knows what %s is', (channel_id, channel_name, expected) => {
    expect(decodeCommand({ ...command, channel_id, channel_name }).heard.conversation).toMatchObject(expected)
  })

  it('is refused when it is something else', () => {
    expect(() => decodeCommand({ ...command, user_id: 7 })).toThrow(/user_id/)
    expect(() => decodeCommand({})).toThrow()
  })
})

describe('a button', () => {
  it('says what it does and what it is about, in its thread', () => {
    const { heard, press: pressed } = decodePress(press)

    expect(pressed).toEqual({ press: 'approve', subject: '7F3K9Q2M' })
    expect(heard.conversation).toMatchObject({ kind: 'thread', parent: 'C00OPS' })
    expect(spotOf(heard.conversation)).toEqual({ channel: 'C00OPS', threadTs: '1700000000.000100' })
    expect(heard.mayReplace).toBe(false)
  })

  it('stands in the channel when it is on the message that the thread hangs under', () => {
    const own = { ...press.container, thread_ts: '1700000000.000200' }

    expect(decodePress({ ...press, container: own }).heard.conversation.kind).toBe('channel')
  })

  it('is known by its kind when several of a kind stand side by side', () => {
    const [action] = press.actions

    expect(
      decodePress({ ...press, actions: [{ ...action, action_id: 'press/approve/3' }] }).press.press,
    ).toBe('approve')
  })
})

describe('a mention', () => {
  it('is words without the mention, in the thread where it was said', () => {
    const { heard, text } = decodeMention(mention, 'U00BOT')!

    expect(text).toBe('approve 7F3K9Q2M')
    expect(heard.id).toBe('Ev00ONE')
    expect(heard.conversation).toMatchObject({
      kind: 'thread',
      id: 'C00OPS/1700000000.000100',
      parent: 'C00OPS',
    })
  })

  it.each([{ bot_id: 'B00OTHER' }, { subtype: 'bot_message' }, { user: undefined }])(
    'of another program is left alone: %j',
    more => {
      expect(decodeMention({ ...mention, event: { ...mention.event, ...more } }, 'U00BOT')).toBeNull()
    },
  )
})

it.each([
  [
    'thumbprint <http://eu-west-rbx.okms.ovh.net:5697|eu-west-rbx.okms.ovh.net:5697>',
    'thumbprint eu-west-rbx.okms.ovh.net:5697',
  ],
  ['show <https://a.example>', 'show https://a.example'],
  ['to <mailto:a@b.example|a@b.example>', 'to a@b.example'],
  ['in <#C00OPS|ops> by <@U00ANA>', 'in #ops by @U00ANA'],
  ['<!here> a &amp;lt; b', 'here a &lt; b'],
])('reads %j as it was typed', (sent, typed) => {
  expect(unmarked(sent)).toBe(typed)
})

it.each([
  [{ teamId: 'T00TEAM', enterpriseId: null, userTeamId: null }, true],
  [{ teamId: 'T00TEAM', enterpriseId: null, userTeamId: 'T00TEAM' }, true],
  [{ teamId: 'T00TEAM', enterpriseId: null, userTeamId: 'T00EVIL' }, false],
  [{ teamId: 'T00EVIL', enterpriseId: null, userTeamId: null }, false],
  [{ teamId: 'T00EVIL', enterpriseId: null, userTeamId: 'T00TEAM' }, false],
  [{ teamId: null, enterpriseId: null, userTeamId: 'T00TEAM' }, false],
  [{ teamId: 'T00PART', enterpriseId: 'E00ORG', userTeamId: 'T00PART' }, true],
  [{ teamId: 'T00PART', enterpriseId: 'E00ORG', userTeamId: 'T00EVIL' }, false],
])('serves %j: %s', (from, expected) => {
  expect(isServed({ from }, ['T00TEAM', 'E00ORG'])).toBe(expected)
})
