/**
 * Request bodies and enums of /v1/dedicatedCloud: the published OVHcloud API v1 schema (`dedicatedCloud.*`). How long a description may
 * be is in no public source, so it is not limited.
 */
import { z } from 'zod'
import { words } from './body.js'

export const PRIVATE_CLOUD_STATES = [
  'available',
  'delivered',
  'disabled',
  'disabling',
  'error',
  'migrating',
  'provisionning',
  'recycling',
  'reserved',
  'toDisable',
  'toProvision',
  'toRecycle',
  'toRemove',
  'toUnprovision',
  'unprovisionning',
  'upgrading',
] as const
export type PrivateCloudState = (typeof PRIVATE_CLOUD_STATES)[number]

export const TASK_STATES = [
  'canceled',
  'doing',
  'done',
  'error',
  'fixing',
  'toCancel',
  'toCreate',
  'todo',
  'unknown',
  'waitingForChilds',
  'waitingTodo',
] as const
export type TaskState = (typeof TASK_STATES)[number]

export const KEY_SERVER_STATES = [
  'creating',
  'deleting',
  'delivered',
  'error',
  'toCreate',
  'toDelete',
  'toUpdate',
  'unknown',
  'updating',
] as const
export type KeyServerState = (typeof KEY_SERVER_STATES)[number]

export type EncryptionState =
  | 'disabled'
  | 'disabling'
  | 'enabled'
  | 'enabling'
  | 'error'
  | 'migrating'
  | 'unknown'

/** The words of a v1 refusal are our choice. */
const missing = (field: string) => words(`[${field}] Missing required parameter`)
const notOfType = (field: string, type: string) =>
  words(`[${field}] Given data is not valid for type ${type}`)

const requiredText = (field: string) =>
  z.string({ error: issue => (issue.input == null ? missing(field) : notOfType(field, 'string')) })

/** 20 (SHA-1) or 32 (SHA-256) bytes as the console takes them (ovh/manager: …/security/dedicatedCloud-security.constants.js). */
const sslThumbprint = requiredText('sslThumbprint').regex(
  /^(?:[0-9a-f]{2}:){19}(?:(?:[0-9a-f]{2}:){12})?[0-9a-f]{2}$/i,
  words('[sslThumbprint] Not 20 or 32 hexadecimal bytes separated by colons'),
)

export const keyServerCreation = z.strictObject({
  ip: requiredText('ip').refine(text => z.ipv4().safeParse(text).success, notOfType('ip', 'ipv4')),
  sslThumbprint,
  description: z.string().optional(),
})
export type KeyServerCreation = z.output<typeof keyServerCreation>

/** The address cannot be changed: it is no field here. */
export const keyServerChange = z.strictObject({ sslThumbprint, description: z.string().optional() })
export type KeyServerChange = z.output<typeof keyServerChange>

export const taskReset = z.strictObject({
  reason: requiredText('reason').min(1, missing('reason')),
})

export const maintenanceDate = z.strictObject({
  executionDate: requiredText('executionDate').refine(
    text => z.iso.datetime({ offset: true }).safeParse(text).success,
    notOfType('executionDate', 'datetime'),
  ),
})

export const userChange = z.strictObject({
  canManageIpFailOvers: z.boolean().optional(),
  canManageNetwork: z.boolean().optional(),
  canManageRights: z.boolean().optional(),
  email: z.string().optional(),
  encryptionRight: z.boolean().optional(),
  firstName: z.string().optional(),
  fullAdminRo: z.boolean().optional(),
  lastName: z.string().optional(),
  nsxRight: z.boolean().optional(),
  phoneNumber: z.string().optional(),
  receiveAlerts: z.boolean().optional(),
  tokenValidator: z.boolean().optional(),
})
export type UserChange = z.output<typeof userChange>
