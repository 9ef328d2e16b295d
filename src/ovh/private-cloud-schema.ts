/**
 * Shapes of `/v1/dedicatedCloud` answers: only the fields we use, renamed into the words of ports/private-cloud.ts while parsing. The
 * OVHcloud API v1 dedicatedCloud schema marks no field as required; the ones that decide something are demanded here.
 */
import { z } from 'zod'
import {
  type CloudTask,
  type CloudUser,
  ENCRYPTION_STATES,
  type EncryptionState,
  KEY_SERVER_STATES,
  type KeyServer,
  PRIVATE_CLOUD_STATES,
  type PrivateCloud,
  TASK_STATES,
} from '../core/ports/private-cloud.js'
import { instant, knownWord, orNull } from './fields.js'

/** `string[]` and `long[]`. */
export const names: z.ZodType<string[]> = z.array(z.string().min(1))
export const ids: z.ZodType<number[]> = z.array(z.number().int())

const text = orNull(z.string())

const version = z
  .object({ major: z.string(), minor: text })
  // Published samples write minors both as a number and as `U3`.
  .transform(({ major, minor }) => (minor ? `${major}${/^\d/.test(minor) ? '.' : ' '}${minor}` : major))

/** `dedicatedCloud.dedicatedCloudWithIAM`, which does not tell the encryption. */
export const privateCloud: z.ZodType<Omit<PrivateCloud, 'encryption'>> = z
  .object({
    serviceName: z.string().min(1),
    description: text,
    state: knownWord(PRIVATE_CLOUD_STATES, 'unknown'),
    location: text,
    version: orNull(version),
    iam: orNull(z.object({ urn: z.string() })),
  })
  .transform(answer => ({
    serviceName: answer.serviceName,
    description: answer.description ?? '',
    state: answer.state,
    location: answer.location ?? '',
    version: answer.version,
    urn: answer.iam?.urn ?? null,
  }))

/** `dedicatedCloud.VMEncryption`. */
export const encryption: z.ZodType<EncryptionState> = z
  .object({ state: knownWord(ENCRYPTION_STATES, 'unknown') })
  .transform(({ state }) => state)

/** `dedicatedCloud.VMEncryptionAccessNetwork`. */
export const keyServer: z.ZodType<KeyServer> = z
  .object({
    kmsId: z.number().int(),
    ip: z.string().min(1),
    kmsTcpPort: orNull(z.number().int()),
    sslThumbprint: z.string().min(1),
    description: text,
    state: knownWord(KEY_SERVER_STATES, 'unknown'),
  })
  .transform(answer => ({
    kmsId: answer.kmsId,
    ip: answer.ip,
    port: answer.kmsTcpPort,
    // OVHcloud takes either case; one spelling can be compared.
    sslThumbprint: answer.sslThumbprint.toUpperCase(),
    description: answer.description ?? '',
    state: answer.state,
  }))

/** The sentence with which a task waits (ovh/manager: packages/manager/apps/dedicated, dedicatedCloud-security.constants.js). */
const WAITS_FOR_CUSTOMER = /^\s*waiting for customer to configure the kms server/i

/** `dedicatedCloud.Task`. */
export const task: z.ZodType<CloudTask> = z
  .object({
    taskId: z.number().int(),
    name: text,
    state: knownWord(TASK_STATES, 'unknown'),
    progress: orNull(z.number()),
    description: text,
    createdBy: text,
    executionDate: orNull(instant),
    lastModificationDate: orNull(instant),
    endDate: orNull(instant),
  })
  .transform(answer => ({
    taskId: answer.taskId,
    name: answer.name ?? '',
    state: answer.state,
    progress: answer.progress ?? 0,
    description: answer.description,
    waitsForCustomer:
      (answer.state === 'todo' || answer.state === 'doing') &&
      WAITS_FOR_CUSTOMER.test(answer.description ?? ''),
    createdBy: answer.createdBy,
    startsAt: answer.executionDate,
    changedAt: answer.lastModificationDate,
    endedAt: answer.endDate,
  }))

/** The answer to `changeProperties`: a task says the schema, the key server shows OVHcloud's guide (okms-vm-encrypt). */
export const taskOfChange: z.ZodType<CloudTask | null> = z.union([task, keyServer.transform(() => null)])

/** `dedicatedCloud.User`. */
export const user: z.ZodType<CloudUser> = z.object({
  userId: z.number().int(),
  name: z.string(),
  state: knownWord(['creating', 'deleting', 'delivered', 'error'], 'unknown'),
  encryptionRight: orNull(z.boolean()).transform(right => right ?? false),
})
