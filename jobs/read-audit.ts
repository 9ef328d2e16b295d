/** The audit trail as people read it: all of it, or the life of a run, credential, Private Cloud or OKMS. */
import { z } from 'zod'
import { type AuditEntry, defineRead } from '../src/core/index.js'

/** More is the verifier's and the operators' to look through. */
const MOST = 500

export const readAudit = defineRead({
  name: 'read-audit',
  input: z.object({ subject: z.string().nullable() }),

  /** Newest first. */
  run: ({ input: { subject }, audit }): Promise<AuditEntry[]> =>
    audit.read({ ...(subject === null ? {} : { subject }), limit: MOST }),
})
