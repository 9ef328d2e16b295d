/** The making of a credential: key and request, OVHcloud's answer, the checks. What issuing and renewing share. */
import {
  type Attempt,
  BotError,
  type Conversation,
  type Credential,
  conversationOf,
  type JobContext,
  parseEndpoint,
  personOf,
  type Secret,
} from '../../src/core/index.js'
import { checkIssuedCertificate, readCertificate } from '../../src/pki/certificates.js'
import { generateKeyPair, publicKeyOf } from '../../src/pki/keys.js'
import { createRequest, readRequest } from '../../src/pki/requests.js'
import { type CredentialPlan, type CredentialWish, planCredential } from '../plan-credential.js'
import { revokeCredential } from '../revoke-credential.js'
import { isLive, isMarked, markOf } from './mark.js'

export interface CredentialInput {
  /** What the person asked for, judged again when the run begins. */
  wish: CredentialWish
  plan: CredentialPlan
}
export type CredentialJob = JobContext<CredentialInput>

/** What is sent to OVHcloud; `csr` is public. */
export interface PreparedRequest {
  csr: string | null
}

export interface Issued {
  credentialId: string
  certificatePem: string
  /** ISO instant. */
  expiresAt: string
}

/** A key made here is strong enough for both kinds of certificate, and a size that vSphere takes. */
const BOT_KEYS = { ECDSA: 'ec-p256', RSA: 'rsa-3072' } as const

const KMIP_PORT = 5696

/** Where the private key of a credential rests until it is handed over. */
const keyAddress = (job: CredentialJob, label: string) => ({
  runId: job.runId,
  recipient: personOf(job.requester),
  label: `key:${label}`,
})
const BOT_KEY = 'bot'

/**
 * Judges the wish once more, since the policy may have changed since the plan was made, and makes key and CSR where the bot does.
 * Repeated after a crash, it makes a new key: nothing has been asked of OVHcloud with the old one.
 */
export async function prepareRequest(job: CredentialJob): Promise<PreparedRequest> {
  const { wish, plan } = job.input
  const now = await planCredential(wish, job.requester, job)
  if (JSON.stringify(now) !== JSON.stringify(plan)) {
    throw new BotError('state.conflict', `The rules for ${plan.name} have changed since you asked.`, {
      hint: `Ask again: /okms credential ${plan.name} ${plan.validityDays}d`,
    })
  }
  if (plan.key !== 'bot') return { csr: plan.csr }
  const { privateKey } = await generateKeyPair(BOT_KEYS[plan.type])
  await job.vault.seal(keyAddress(job, BOT_KEY), privateKey)
  // OVHcloud sets the subject itself (CN=<okmsId>), whatever the request says.
  return { csr: await createRequest({ privateKey, commonName: plan.name }) }
}

/**
 * Asks OVHcloud, once. After a lost answer the mark of this run is looked for first. A credential whose key only OVHcloud's lost
 * answer held is revoked and made anew.
 */
export async function askForCredential(
  job: CredentialJob,
  request: PreparedRequest,
  { again }: Attempt,
): Promise<{ credentialId: string }> {
  const { plan } = job.input
  const mine = again ? await marked(job) : []
  let adopted: Credential | null = null
  for (const one of mine.filter(isLive)) {
    if (adopted === null && (await canBeUsed(job, request, one))) adopted = one
    else await revoke(job, one.id)
  }
  if (adopted) {
    await remember(job, adopted)
    return { credentialId: adopted.id }
  }

  const mark = markOf(job.runId, mine.length + 1)
  const { credential, privateKey } = await job.okms.createCredential(plan.okmsId, {
    name: plan.name,
    description: plan.description === '' ? mark : `${plan.description} ${mark}`,
    identityUrns: plan.identityUrns,
    validityDays: plan.validityDays,
    ...(request.csr === null ? { certificateType: plan.type } : { csr: request.csr }),
  })
  if (privateKey) await job.vault.seal(keyAddress(job, credential.id), privateKey)
  await remember(job, credential)
  return { credentialId: credential.id }
}

const revoke = (job: CredentialJob, credentialId: string) => {
  const { okmsId, name } = job.input.plan
  return job.start(`revoke-${credentialId}`, revokeCredential, { okmsId, credentialId, name, by: null })
}

/** From here on the bot knows whose it is, whatever becomes of the run. */
async function remember(
  job: CredentialJob,
  { id, okmsId, createdAt, expiresAt, fromCsr }: Credential,
): Promise<void> {
  const { platform, id: account, name } = job.requester
  await job.ledger.remember({
    credentialId: id,
    okmsId,
    okmsName: job.input.plan.okmsName,
    name: job.input.plan.name,
    fromCsr,
    profile: job.input.plan.name,
    owner: { platform, id: account, name },
    channel: channelOf(job),
    runId: job.runId,
    startsAt: createdAt,
    expiresAt,
  })
}

export async function marked(job: CredentialJob): Promise<Credential[]> {
  const { okmsId, name } = job.input.plan
  const found: Credential[] = []
  for await (const page of job.okms.credentialPages(okmsId)) {
    found.push(...page.filter(one => isMarked(one, job.runId, name)))
  }
  return found
}

/** A key that OVHcloud made can be lost with its answer; one that was made from a request shows whose it is, once it has a certificate. */
async function canBeUsed(job: CredentialJob, request: PreparedRequest, one: Credential): Promise<boolean> {
  if (request.csr === null) return (await job.vault.open(keyAddress(job, one.id))) !== null
  if (one.certificatePem === null) return true
  const { publicKeySpki } = await readRequest(request.csr)
  return Buffer.from(readCertificate(one.certificatePem).publicKeySpki).equals(publicKeySpki)
}

/** The profile's channel, else the channel where it was asked. */
export function channelOf(job: CredentialJob): Conversation | null {
  if (job.input.plan.channel !== null) return conversationOf(job.input.plan.channel)
  return job.conversation.kind === 'dm' ? null : job.conversation
}

/** One look for the certificate; `undefined`: not yet. */
export async function readyCredential(job: CredentialJob, credentialId: string): Promise<Issued | undefined> {
  const { plan } = job.input
  const credential = await job.okms.credential(plan.okmsId, credentialId)
  if (!credential)
    throw new BotError('credential.failed', 'The credential was deleted at OVHcloud while it was being made.')
  const { status, certificatePem, expiresAt } = credential
  if (status === 'READY' && certificatePem !== null) return { credentialId, certificatePem, expiresAt }
  if (status === 'CREATING' || status === 'READY') return undefined
  throw new BotError(
    'credential.failed',
    `OVHcloud could not make the credential: its status is ${status}.`,
    {
      hint: `Try again: /okms credential ${plan.name} ${plan.validityDays}d`,
    },
  )
}

/** @throws BotError `certificate.unexpected` */
export async function checkCredential(
  job: CredentialJob,
  request: PreparedRequest,
  issued: Issued,
): Promise<void> {
  const { plan } = job.input
  const publicKeySpki =
    plan.key === 'ovhcloud'
      ? publicKeyOf(await privateKeyOf(job, issued))
      : (await readRequest(request.csr!)).publicKeySpki
  checkIssuedCertificate(readCertificate(issued.certificatePem), {
    okmsId: plan.okmsId,
    credentialId: issued.credentialId,
    publicKeySpki,
    validityDays: plan.validityDays,
    now: job.clock.now(),
  })
}

/** A first TLS handshake and KMIP exchange with the new pair. What it finds is reported and ends nothing. */
export async function tryCredential(job: CredentialJob, issued: Issued): Promise<string> {
  const { plan } = job.input
  try {
    const okms = await job.okms.show(plan.okmsId)
    const endpoint = okms && parseEndpoint(okms.kmipEndpoint, KMIP_PORT)
    if (!endpoint) return 'not tried: the OKMS gives no address'
    const pair = { certificatePem: issued.certificatePem, privateKey: await privateKeyOf(job, issued) }
    const { tlsVersion, kmipVersion, elapsedMs } = await job.probe.discoverVersions(
      endpoint,
      pair,
      okms.publicCa,
    )
    return `${tlsVersion}, KMIP ${kmipVersion} answered in ${Math.round(elapsedMs)} ms`
  } catch (thrown) {
    const error = BotError.from(thrown)
    if (error.code === 'bug') throw error
    job.log.warn('new credential not accepted yet', { credentialId: issued.credentialId, code: error.code })
    return `not accepted yet: ${error.message}`
  }
}

/** @throws BotError `vault.unreadable` when the sealed key is gone */
export async function privateKeyOf(job: CredentialJob, issued: Issued): Promise<Secret> {
  const label = job.input.plan.key === 'bot' ? BOT_KEY : issued.credentialId
  const key = await job.vault.open(keyAddress(job, label))
  if (key) return key
  throw new BotError('vault.unreadable', 'The sealed private key is gone before it was handed over.', {
    hint: 'Ask for the credential again.',
  })
}
