/** Whether OVHcloud takes us: who we are there, the clocks, and exactly which IAM actions are missing, with the policy that grants them. */
import { formatDuration } from '../core/duration.js'
import { BotError } from '../core/errors.js'
import type { Finding } from '../core/finding.js'
import type { Checkup } from '../core/ports/checkup.js'
import type { Clock } from '../core/ports/clock.js'
import type { OkmsPort } from '../core/ports/okms.js'
import type { PrivateCloudPort } from '../core/ports/private-cloud.js'
import { type Account, platformOf, type WhoAmI } from './account.js'
import { RIGHTS, type Right } from './rights.js'

/** Signatures carry the time: OVHcloud refuses some minutes of difference (Posh-ACME issue 162), and the client corrects it. */
const TOLERATED_MS = 30_000
/** An account may have hundreds; rights are mostly given to all alike. */
const MOST_RESOURCES = 50

const RIGHT_ROWS = (RIGHTS as readonly Right[]).filter(({ dormant }) => !dormant)

export interface OvhCheckupParts {
  endpoint: string
  account: Account
  okms: Pick<OkmsPort, 'list'>
  privateCloud: Pick<PrivateCloudPort, 'list' | 'show'>
  clock: Clock
}

interface Resource {
  name: string
  urn: string
  /** Beginnings of the actions that are asked of it. */
  kinds: readonly string[]
}

interface Missing {
  resource: Resource
  actions: string[]
}

export function createOvhCheckup(parts: OvhCheckupParts): Checkup {
  const { endpoint, account, okms, privateCloud, clock } = parts

  async function resources(who: WhoAmI, signal: AbortSignal | undefined) {
    const found: Resource[] = [
      {
        name: `account ${who.account}`,
        urn: `urn:v1:${platformOf(who)}:resource:account:${who.account}`,
        kinds: ['order:', 'account:'],
      },
    ]
    const trouble: Finding[] = []
    const from = async (what: string, read: () => Promise<Resource[]>) => {
      try {
        found.push(...(await read()))
      } catch (thrown) {
        const { message, hint } = BotError.from(thrown)
        trouble.push({
          state: 'bad',
          what: `OVHcloud: ${what} cannot be listed: ${message}`,
          ...(hint === undefined ? {} : { mend: hint }),
        })
      }
    }
    await from('the OKMS', async () =>
      (await okms.list(signal)).flatMap(({ name, urn }) =>
        urn === null ? [] : [{ name, urn, kinds: ['okms:'] }],
      ),
    )
    await from('the Private Clouds', async () => {
      const all = await privateCloud.list(signal)
      const shown = await Promise.all(
        all.slice(0, MOST_RESOURCES).map(name => privateCloud.show(name, signal)),
      )
      return shown.flatMap(cloud =>
        cloud?.urn ? [{ name: cloud.serviceName, urn: cloud.urn, kinds: ['pccVMware:'] }] : [],
      )
    })
    return { found: found.slice(0, MOST_RESOURCES + 1), trouble }
  }

  async function missingOf(resource: Resource, signal: AbortSignal | undefined): Promise<Missing | null> {
    const wanted = RIGHT_ROWS.map(({ action }) => action).filter(action =>
      resource.kinds.some(kind => action.startsWith(kind)),
    )
    try {
      const actions = await account.missingActions(resource.urn, wanted, signal)
      return actions.length === 0 ? null : { resource, actions }
    } catch (thrown) {
      // The root of an account is no resource everywhere; what concerns it is then told by the call that needs it.
      if (BotError.from(thrown).code === 'ovh.not-found' && resource.kinds.includes('account:')) return null
      throw thrown
    }
  }

  return {
    name: `OVHcloud ${endpoint}`,
    async examine(signal) {
      const who = await account.whoAmI(signal)
      const time = await clockFinding(account, clock, signal)
      const { found, trouble } = await resources(who, signal)
      const missing = (await Promise.all(found.map(one => missingOf(one, signal)))).filter(
        one => one !== null,
      )
      return [
        {
          state: 'good',
          what: `OVHcloud ${endpoint} as ${who.method} of account ${who.account}${
            who.allowedRoutes === null ? '' : `, ${who.allowedRoutes.length} access rules`
          }`,
        },
        time,
        {
          state: 'good',
          what: `${countOf(found, 'okms:')} OKMS in sight, ${countOf(found, 'pccVMware:')} Private Clouds`,
        },
        ...trouble,
        ...rightsFindings(who, found, missing),
      ]
    },
  }
}

const countOf = (found: readonly Resource[], kind: string) =>
  found.filter(({ kinds }) => kinds.includes(kind)).length

async function clockFinding(account: Account, clock: Clock, signal?: AbortSignal): Promise<Finding> {
  const asked = clock.now()
  const theirs = await account.serverTime(signal)
  const difference = Math.abs(theirs - (asked + clock.now()) / 2)
  // Theirs is told in whole seconds.
  const said = difference < 1000 ? 'under 1 s' : formatDuration(difference)
  return difference <= TOLERATED_MS
    ? { state: 'good', what: `Clock difference to OVHcloud ${said}` }
    : {
        state: 'warning',
        what: `Clock difference to OVHcloud ${said}`,
        mend: 'Let the machine set its clock (NTP): the bot corrects it for signatures, expiries would be shown wrong.',
      }
}

function rightsFindings(who: WhoAmI, found: readonly Resource[], missing: readonly Missing[]): Finding[] {
  if (missing.length === 0) {
    const names = found.map(({ name }) => name)
    return [{ state: 'good', what: `OVHcloud rights: all ${RIGHT_ROWS.length} on ${listed(names)}` }]
  }
  const file = { name: 'iam-policy.json', text: `${JSON.stringify(policyFor(who, missing), null, 2)}\n` }
  return sameTogether(missing).map(({ names, actions }, i) => {
    const isOptional = actions.every(action => rightOf(action)?.only !== undefined)
    const identity = who.identities[0] ?? who.account
    return {
      state: isOptional ? 'warning' : 'bad',
      what: `OVHcloud rights on ${listed(names)}: missing ${actions.map(action => `${action} (${rightOf(action)?.why})`).join(', ')}`,
      mend: `Add ${actions.length === 1 ? 'it' : 'them'} to an IAM policy of ${identity}; ${file.name} is one, for POST /v2/iam/policy.`,
      // Once: it holds all that is missing.
      ...(i === 0 ? { file } : {}),
    }
  })
}

const rightOf = (action: string) => RIGHT_ROWS.find(right => right.action === action)

/** Resources that lack the same actions, told in one line. */
function sameTogether(missing: readonly Missing[]): { names: string[]; actions: string[] }[] {
  const groups = new Map<string, { names: string[]; actions: string[] }>()
  for (const { resource, actions } of missing) {
    const group = groups.get(actions.join()) ?? { names: [], actions }
    group.names.push(resource.name)
    groups.set(actions.join(), group)
  }
  return [...groups.values()]
}

/** `iam.policy.Creation` (OVHcloud API v2 iam schema). */
function policyFor({ identities }: WhoAmI, missing: readonly Missing[]) {
  const actions = [...new Set(missing.flatMap(({ actions }) => actions))].sort()
  return {
    name: 'okms-bot',
    description: 'What okms-bot lacks, as its doctor found it',
    identities,
    resources: missing.map(({ resource: { urn } }) => ({ urn })),
    permissions: { allow: actions.map(action => ({ action })) },
  }
}

const SHOWN = 5
const listed = (names: readonly string[]) =>
  names.slice(0, SHOWN).join(', ') + (names.length > SHOWN ? `, … ${names.length - SHOWN} more` : '')
