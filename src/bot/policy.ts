/**
 * Reads policy.yaml: who people are, what they may do where, what waits for whose approval, and how credentials are made.
 * All mistakes are told at once, each with its line and its mend. Judging a person by a policy is policy-judge.ts.
 */
import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { deepFreeze } from '../core/freeze.js'
import type { QuietHours } from '../core/quiet-hours.js'
import { didYouMean } from '../core/suggest.js'
import type { Finding, Policy, PolicyMistake } from './policy-model.js'
import { findWrongReferences } from './policy-references.js'
import { type PolicyFile, policyFile, SECTIONS } from './policy-schema.js'
import { findSurprises } from './policy-warnings.js'
import { readYaml } from './policy-yaml.js'

export type ParsedPolicy =
  | { ok: true; policy: Policy; warnings: PolicyMistake[] }
  | { ok: false; mistakes: PolicyMistake[] }

/** Reads the text of a policy file. Never throws for what the file says. */
export function parsePolicy(yamlText: string): ParsedPolicy {
  const yaml = readYaml(yamlText)
  if (yaml.mistakes.length > 0)
    return { ok: false, mistakes: yaml.mistakes.map(mistake => ({ path: '', ...mistake })) }
  if (yaml.content === null || yaml.content === undefined) {
    return {
      ok: false,
      mistakes: [
        { line: 1, path: '', message: 'The policy file is empty.', mend: 'Begin with demo/policy.yaml.' },
      ],
    }
  }

  const placed = (finding: Finding): PolicyMistake => ({
    line: yaml.lineOf(finding.path),
    path: formatPath(finding.path),
    message: finding.message,
    mend: finding.mend,
  })
  const shaped = policyFile.safeParse(yaml.content, { reportInput: true })
  const findings = [
    ...(shaped.success ? [] : shaped.error.issues.flatMap(explain)),
    ...findWrongReferences(yaml.content),
  ]
  if (!shaped.success || findings.length > 0) {
    return { ok: false, mistakes: findings.map(placed).sort((a, b) => a.line - b.line) }
  }
  const version = createHash('sha256').update(yamlText).digest('hex').slice(0, 12)
  const policy = deepFreeze(toPolicy(shaped.data, version))
  return { ok: true, policy, warnings: findSurprises(policy).map(placed) }
}

/** `policy.yaml:12  grants[0].allow[1]  "reed" is not a permission. Did you mean read?`, one line each. */
export function formatPolicyMistakes(file: string, mistakes: readonly PolicyMistake[]): string {
  return mistakes
    .map(
      ({ line, path, message, mend }) =>
        `${file}:${line}  ${path === '' ? '' : `${path}  `}${message} ${mend}`,
    )
    .join('\n')
}

function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('')
}

function explain(issue: z.core.$ZodIssue): Finding[] {
  const path = issue.path.filter((step): step is string | number => typeof step !== 'symbol')
  switch (issue.code) {
    case 'custom':
      return [{ path, message: issue.message, mend: String(issue.params?.mend ?? '') }]
    case 'unrecognized_keys':
      return issue.keys.map(key => unknownSetting([...path, key], key))
    case 'too_small':
      return [{ path, message: 'At least one is needed here.', mend: 'Add one, or take the line away.' }]
    case 'too_big':
      return [{ path, message: `More than ${issue.maximum} are too many here.`, mend: 'Take some away.' }]
    case 'invalid_type':
      return [wrongForm(path, issue.expected, issue.input === undefined)]
    default:
      return [{ path, message: 'This is not what belongs here.', mend: 'Compare it with demo/policy.yaml.' }]
  }
}

function unknownSetting(path: readonly (string | number)[], key: string): Finding {
  const around = path.slice(0, -1)
  const section = SECTIONS.find(
    ({ at }) => at.length === around.length && at.every((step, i) => step === '*' || step === around[i]),
  )
  const settings = section?.settings ?? []
  const meant = didYouMean(key, settings)
  return {
    path,
    message: `"${key}" is not a setting of ${section?.what ?? 'this section'}.`,
    mend: meant ? `Did you mean ${meant}?` : `Choose from: ${settings.join(', ')}.`,
  }
}

function wrongForm(path: readonly (string | number)[], expected: string, isMissing: boolean): Finding {
  const setting = String(path.at(-1) ?? 'the file')
  if (isMissing)
    return {
      path,
      message: `"${setting}" is missing here.`,
      mend: `Add ${setting}: with one or more values.`,
    }
  const form =
    expected === 'array'
      ? 'a list: lines that begin with a dash, or [brackets]'
      : 'settings of the form name: value'
  return { path, message: `Here belong ${form}.`, mend: 'Compare it with demo/policy.yaml.' }
}

function toPolicy(file: PolicyFile, version: string): Policy {
  return {
    version,
    people: mapValues(file.people, ({ discord, slack, console }) => ({
      ...(discord ? { discord } : {}),
      ...(slack ? { slack } : {}),
      ...(console ? { console } : {}),
    })),
    roles: mapValues(file.roles, ({ people, discord, slack }) => ({ people, groups: { discord, slack } })),
    grants: file.grants,
    approvals: file.approvals.map(rule => ({
      for: rule.for,
      when: {
        validityOverDays: rule.when?.validityOver ?? null,
        okms: rule.when?.okms ?? null,
        cloud: rule.when?.cloud ?? null,
        profile: rule.when?.profile ?? null,
      },
      need: rule.need,
      from: rule.from,
      expiresMs: rule.expires,
      channel: rule.channel ?? null,
    })),
    profiles: mapValues(file.profiles, (profile, name) => ({
      name,
      use: profile.use,
      okms: profile.okms ?? null,
      okmsAllowed: profile.okmsAllowed,
      identities: profile.identities,
      identitiesAllowed: profile.identitiesAllowed,
      type: profile.type ?? null,
      key: profile.key ?? null,
      format: profile.format ?? null,
      maxValidityDays: profile.maxValidity,
      mayOverride: profile.mayOverride,
      channel: profile.channel ?? null,
      remindBeforeMs: profile.reminders ?? null,
    })),
    remindBeforeMs: file.reminders.default,
    reminders: remindersOf(file.reminders),
  }
}

function remindersOf({ channel, okms, channels, quietHours, timeZone }: PolicyFile['reminders']) {
  const inZone = (quiet: QuietHours | null, zone: string) => (quiet ? { ...quiet, timeZone: zone } : null)
  return {
    channel: channel ?? null,
    okms,
    quiet: inZone(quietHours, timeZone),
    channels: mapValues(channels, one => ({
      remindBeforeMs: one.thresholds ?? null,
      quiet: inZone(one.quietHours === undefined ? quietHours : one.quietHours, one.timeZone ?? timeZone),
    })),
  }
}

const mapValues = <A, B>(
  record: Record<string, A>,
  change: (value: A, name: string) => B,
): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
