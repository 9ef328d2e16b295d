/** What commands/ and jobs/ import; the one re-exporting file in the house. */
export { type Actor, type Conversation, personOf, placeOf } from './actor.js'
export { choose } from './choose.js'
export {
  type Command,
  type CommandContext,
  type Doing,
  defineCommand,
  definePress,
  type OpenDelivery,
  type OperatedRun,
  type PressContext,
} from './command.js'
export { usageOf } from './command-face.js'
export { DAY_MS, daysUntil, formatDuration, parseDays, parseDuration, timeLeft } from './duration.js'
export { BotError, type ErrorCode } from './errors.js'
export { type Finding, findingLines } from './finding.js'
export { type AccountIdentities, judgeIdentities } from './identity.js'
export {
  type AskedApproval,
  type Attempt,
  type Decision,
  defineJob,
  defineRead,
  type Job,
  type JobContext,
  type Kept,
  kept,
  keptForGood,
  type Read,
  type ReadContext,
} from './job.js'
export { encodeJsurl } from './jsurl.js'
export { option } from './option.js'
export { conversationOf } from './place.js'
export type { ApprovalFacts } from './ports/approvals.js'
export type { AuditEntry } from './ports/audit.js'
export type { Target } from './ports/chat.js'
export { examineAll } from './ports/checkup.js'
export { type EndpointProbe, parseEndpoint } from './ports/endpoint-probe.js'
export type { IdentityPort } from './ports/identities.js'
export type { Followed, Ledger, LedgerEntry, Owner, Solution } from './ports/ledger.js'
export type {
  CertificateType,
  Credential,
  CredentialStatus,
  Okms,
  OkmsPort,
  Region,
} from './ports/okms.js'
export type { PlacedOrder, Quote } from './ports/order.js'
export {
  type CloudTask,
  isMoving,
  type KeyServer,
  type KeyServerState,
  type PrivateCloud,
  type PrivateCloudPort,
  taskGroup,
} from './ports/private-cloud.js'
export { mayUseOkms, type Profile, type Profiles } from './ports/profiles.js'
export type { Looked, ReminderRules, Said, Saying, Seen } from './ports/reminders.js'
export {
  DEACTIVATION_REASONS,
  type DeactivationReason,
  KEY_TYPES,
  type KeyKind,
  type KeyShape,
  type KeyState,
  type ServiceKey,
  type ServiceKeyPort,
} from './ports/service-keys.js'
export { formatQuietHours, parseQuietHours, parseTimeZone, quietUntil } from './quiet-hours.js'
export { normalizeRegion, oldRegionName } from './region.js'
export {
  type Button,
  type Horizon,
  type HorizonRow,
  lines,
  type PrivateFile,
  type Reply,
  refusal,
} from './reply.js'
export type { Ending } from './run.js'
export { normalizeRunId } from './run-id.js'
export { Secret } from './secret.js'
export { didYouMean } from './suggest.js'
export { code, formatInstant, instant, mention, plain, type Span, say, type Text } from './text.js'
export { mostUrgent, nextCrossing, thresholdsFor } from './thresholds.js'
export { defineTick, type Tick, type TickContext } from './tick.js'
