/** The manifest asks for what is used, and for nothing else. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import {
  manifestText,
  SCOPELESS_METHODS,
  SCOPES,
  slackManifest,
} from '../../../../src/platforms/slack/manifest.js'
import { METHODS } from '../../../fakes/slack/methods.js'
import { PROJECT } from '../../../fakes/test-bot.js'

/** Methods that the code calls. */
function methodsUsed(): string[] {
  const source = readFileSync(join(PROJECT, 'src/platforms/slack/web.ts'), 'utf8')
  const called = [...source.matchAll(/[cC]lient\s*\.(\w+)\s*\.(\w+)\(/g)].map(
    ([, family, verb]) => `${family}.${verb}`,
  )
  return [...new Set(called)].sort()
}

it('gives a reason for exactly the methods that are called', () => {
  const listed = new Set([...Object.values(SCOPES).flatMap(({ methods }) => methods), ...SCOPELESS_METHODS])

  expect([...listed].sort()).toEqual(methodsUsed())
})

it('names the scopes that Slack asks for', () => {
  for (const [scope, { methods }] of Object.entries(SCOPES)) {
    for (const method of methods) expect(METHODS[method]?.scopes, method).toContain(scope)
  }
})

it.each([null, 'https://bot.example.org'])(
  'is YAML that says the same, with reasons as comments (%s)',
  url => {
    const text = manifestText(url)

    expect(parse(text)).toEqual(slackManifest(url))
    expect(text).toContain('- "chat:write" # cards, answers for one person')
  },
)

it('keeps to the limits of a manifest', () => {
  const { display_information: shown, features } = slackManifest('https://bot.example.org')

  expect(shown.name.length).toBeLessThanOrEqual(35)
  expect(shown.description.length).toBeLessThanOrEqual(140)
  expect(features.bot_user.display_name.length).toBeLessThanOrEqual(80)
  expect(features.slash_commands[0]).toMatchObject({
    command: '/okms',
    url: 'https://bot.example.org/slack/events',
  })
})

it('goes without addresses in Socket Mode', () => {
  expect(manifestText(null)).not.toContain('/slack/events')
  expect(slackManifest(null).settings.socket_mode_enabled).toBe(true)
})
