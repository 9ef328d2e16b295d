/** From a checked credential to its requester's hands: files, the offer, collection, erasing. What issuing and renewing share. */
import { randomBytes } from 'node:crypto'
import {
  code,
  instant,
  mention,
  type PrivateFile,
  parseDuration,
  parseEndpoint,
  personOf,
  Secret,
  say,
  type Target,
  type Text,
} from '../../src/core/index.js'
import { createPkcs12, newPassphrase } from '../../src/pki/bundles.js'
import { readCertificate } from '../../src/pki/certificates.js'
import { type CredentialJob, channelOf, type Issued, privateKeyOf } from './make.js'

const COLLECT_WITHIN = { text: '60 min', ms: 60 * 60_000 }
/** How long handed-over files stay where nobody says that they are saved. */
const SAVED_WITHIN = '10m'
export const SAVED_WITHIN_MS = parseDuration(SAVED_WITHIN)
/** vSphere uses the RSA endpoint. */
const KMIP_RSA_PORT = 5697

const privately = (job: CredentialJob): Target => ({
  to: 'person',
  actor: job.requester,
  otherwise: job.conversation,
})

/** Seals the files, offers them, and tells the person. */
export async function handOver(job: CredentialJob, issued: Issued): Promise<void> {
  const { plan } = job.input
  const okms = await job.okms.show(plan.okmsId)
  const { files, passphrase } = await bundle(job, issued, okms)
  const collectBy = new Date(job.clock.now() + COLLECT_WITHIN.ms).toISOString()
  const certificate = readCertificate(issued.certificatePem)
  const vSphere = okms?.kmipRsaEndpoint ? parseEndpoint(okms.kmipRsaEndpoint, KMIP_RSA_PORT) : null
  await job.deliveries.offer({
    runId: job.runId,
    recipient: personOf(job.requester),
    files,
    passphrase,
    reply: {
      kind: 'text',
      lines: [
        say`Valid until ${instant(issued.expiresAt)} · SHA-256 ${code(certificate.sha256)}`,
        files.length === 1
          ? 'Save the file now: it leaves this conversation in 10 min.'
          : 'Save all files now: they leave this conversation in 10 min.',
        ...(vSphere
          ? [say`KMIP address for vSphere: ${code(vSphere.host)} port ${code(String(vSphere.port))}`]
          : []),
      ],
      buttons: [{ press: 'saved-it', label: 'Saved it', subject: job.runId }],
    },
    collectBy,
  })
  await offer(job, [
    `Credential ${plan.name} for ${plan.okmsName} is ready.`,
    say`Collect it by ${instant(collectBy)} (${COLLECT_WITHIN.text}). Not collected, it is revoked.`,
  ])
}

async function offer(job: CredentialJob, lines: Text[]): Promise<void> {
  await job.tell('offer', privately(job), {
    kind: 'text',
    mark: 'private',
    lines,
    buttons: [
      { press: 'collect', label: 'Collect', subject: job.runId, style: 'primary' },
      { press: 'revoke-now', label: 'Revoke now', subject: job.runId, style: 'danger' },
    ],
  })
}

/** Names that any file system and mail gateway takes. */
const fileBase = (name: string) =>
  name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'credential'

async function bundle(
  job: CredentialJob,
  issued: Issued,
  okms: { publicCa: string | null; publicRsaCa: string | null } | null,
): Promise<{ files: PrivateFile[]; passphrase: Secret | null }> {
  const { plan } = job.input
  const base = fileBase(plan.name)
  const caPems = [okms?.publicCa, okms?.publicRsaCa].filter(pem => pem != null).map(endInNewline)
  const text = (name: string, pem: string): PrivateFile => ({
    name,
    content: new Secret(endInNewline(pem)),
    encoding: 'utf8',
  })
  const authorities = caPems.length > 0 ? [text('ca.pem', caPems.join(''))] : []
  const certificate = text(`${base}.cert.pem`, issued.certificatePem)
  if (plan.key === 'csr') return { files: [certificate, ...authorities], passphrase: null }
  const privateKey = await privateKeyOf(job, issued)
  if (plan.format === 'pem') {
    return {
      files: [text(`${base}.key.pem`, privateKey.reveal()), certificate, ...authorities],
      passphrase: null,
    }
  }
  const passphrase = newPassphrase(randomBytes(32))
  const bytes = await createPkcs12({
    privateKey,
    certificatePem: issued.certificatePem,
    caPems,
    friendlyName: plan.name,
    passphrase,
  })
  const content = new Secret(Buffer.from(bytes).toString('base64'))
  return { files: [{ name: `${base}.p12`, content, encoding: 'base64' }], passphrase }
}

const endInNewline = (pem: string) => (pem.endsWith('\n') ? pem : `${pem}\n`)

export type Collection = 'collected' | 'lapsed' | 'revoked'

/** Ends when the files are collected, the hour is over, or the recipient wants it revoked. Reminds once, at half time. */
export async function waitForCollection(job: CredentialJob): Promise<Collection> {
  return job.step.until<Collection>(
    'Wait for it to be collected',
    {
      every: '30m',
      atMost: '60m',
      waitsFor: 'person',
      note: how => (how === 'collected' ? null : how === 'lapsed' ? 'nobody did' : 'not wanted any more'),
      // A Collect that is just under way wins over the lapse; then we look again.
      tooLong: async () => ((await job.deliveries.lapse(job.runId)) ? 'lapsed' : undefined),
    },
    async ({ waitedMs }) => {
      const status = await job.deliveries.status(job.runId)
      if (status?.state === 'collected' || status?.state === 'confirmed') return 'collected'
      if (status?.state === 'revoked' || status?.state === 'lapsed') return status.state
      if (waitedMs >= COLLECT_WITHIN.ms / 2 && waitedMs < COLLECT_WITHIN.ms)
        await remindOnce(job, status?.collectBy)
      return undefined
    },
  )
}

async function remindOnce(job: CredentialJob, collectBy: string | undefined): Promise<void> {
  const { plan } = job.input
  await job.tell('half-time', privately(job), {
    kind: 'text',
    mark: 'private',
    lines: [
      `Credential ${plan.name} for ${plan.okmsName} still waits for you.`,
      ...(collectBy === undefined ? [] : [say`Collect it by ${instant(collectBy)}, or it is revoked.`]),
    ],
    buttons: [{ press: 'collect', label: 'Collect', subject: job.runId, style: 'primary' }],
  })
}

export type Saved = 'confirmed' | 'time' | 'revoked'

/** Ends when the person says that the files are safe, ten minutes after collecting, or with a revocation. */
export async function waitUntilSaved(job: CredentialJob): Promise<Saved> {
  return job.step.until<Saved>(
    'Wait until it is saved',
    {
      every: SAVED_WITHIN,
      atMost: SAVED_WITHIN,
      waitsFor: 'person',
      note: () => null,
      // From here on it counts as saved, so that a late *Revoke now* is told that it is late.
      async tooLong() {
        const outcome = await job.deliveries.confirm(job.runId, personOf(job.requester))
        return outcome === 'confirmed' ? 'time' : undefined
      },
    },
    async () => {
      const status = await job.deliveries.status(job.runId)
      return status?.state === 'confirmed' || status?.state === 'revoked' ? status.state : undefined
    },
  )
}

/** The sealed copy goes, and with it whatever was or may have been handed over. */
export async function takeFilesBack(job: CredentialJob): Promise<void> {
  await job.deliveries.erase(job.runId)
  for (const receipt of (await job.deliveries.status(job.runId))?.receipts ?? []) await job.takeBack(receipt)
  await job.takeBack('half-time')
}

/** The sealed copy goes, and what was handed over leaves the conversation where the platform can do that. */
export async function eraseHere(job: CredentialJob): Promise<void> {
  await takeFilesBack(job)
  await job.tell('offer', privately(job), {
    kind: 'text',
    mark: 'done',
    lines: [`Credential ${job.input.plan.name} for ${job.input.plan.okmsName}: collected, and erased here.`],
  })
}

/** Nothing can be collected any more: the run failed or was given up, and what it had made is revoked. */
export async function withdrawOffer(job: CredentialJob): Promise<void> {
  await job.tell('offer', privately(job), {
    kind: 'text',
    mark: 'warning',
    lines: [
      `Credential ${job.input.plan.name} for ${job.input.plan.okmsName} is not to be had any more: its run has ended without it, and it is being revoked.`,
    ],
  })
}

/** One line without key, file or link: who holds what, until when. */
export async function announce(job: CredentialJob, issued: Issued): Promise<void> {
  const channel = channelOf(job)
  if (channel === null) return
  const { plan } = job.input
  const line = say`${mention(job.requester)} holds a new credential ${plan.name} for ${plan.okmsName}, valid until ${instant(issued.expiresAt, 'day')}.`
  await job.tell(
    'announcement',
    { to: 'conversation', conversation: channel },
    { kind: 'text', lines: [line] },
  )
}

/** The channel is told what did not come about, as it would have been told that it did. */
export async function announceRevocation(job: CredentialJob, said: string): Promise<void> {
  const channel = channelOf(job)
  if (channel === null) return
  const line = say`${mention(job.requester)}: ${said}`
  await job.tell(
    'announcement',
    { to: 'conversation', conversation: channel },
    { kind: 'text', lines: [line] },
  )
}
