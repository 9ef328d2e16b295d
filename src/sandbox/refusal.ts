/** The refusals of the API: a status, a class, a sentence, sometimes details (ovh/go-ovh: ovh/error.go). */

export class Refusal extends Error {
  override readonly name = 'Refusal'

  constructor(
    readonly status: number,
    /** `Client::…`; `null` where no public source tells the class. */
    readonly errorClass: string | null,
    message: string,
    readonly details: Readonly<Record<string, string>> | null = null,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }

  /** `class` and `details` are optional in the published error model. */
  body(): Record<string, unknown> {
    return {
      ...(this.errorClass === null ? {} : { class: this.errorClass }),
      message: this.message,
      ...(this.details === null ? {} : { details: this.details }),
    }
  }
}

/** @param reason the word after `Client::BadRequest::`, as the schema lists it; none for a general refusal */
export function badRequest(message: string, reason?: string): Refusal {
  return new Refusal(
    400,
    reason === undefined ? 'Client::BadRequest' : `Client::BadRequest::${reason}`,
    message,
  )
}

export function forbidden(message: string, details: Record<string, string> | null = null): Refusal {
  return new Refusal(403, 'Client::Forbidden', message, details)
}

export function notFound(message = 'This service does not exist'): Refusal {
  return new Refusal(404, 'Client::NotFound', message)
}

/** The general class of a 409 is in no public source, so there is none. */
export function conflict(message: string): Refusal {
  return new Refusal(409, null, message)
}

/** The class of a 401 is in no public source; this one is our reading. */
export function unauthenticated(): Refusal {
  return new Refusal(401, 'Client::Unauthorized', 'You must login first')
}

/**
 * The full shape of an IAM refusal: each value is one text, actions separated by commas
 * (ovh/go-ovh: ovh/error_test.go).
 */
export function notGranted(
  message: string,
  missing: { byAuthentication?: readonly string[]; byIam?: readonly string[] },
): Refusal {
  return forbidden(message, {
    unauthorizedActionsByAuthentication: (missing.byAuthentication ?? []).join(','),
    unauthorizedActionsByIAM: (missing.byIam ?? []).join(','),
  })
}
