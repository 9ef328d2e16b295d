/** One allowance of OVHcloud calls for all processes together. */
export interface RateLimiter {
  /** Takes one call; resolves when it may be made. @throws when `signal` aborts first. */
  take(signal?: AbortSignal): Promise<void>
}

export const unlimited: RateLimiter = { take: async () => {} }
