/** Log text is constant, details are data. Never a secret: boxes print as `[secret]`. */
export interface Log {
  debug(text: string, details?: Record<string, unknown>): void
  info(text: string, details?: Record<string, unknown>): void
  warn(text: string, details?: Record<string, unknown>): void
  error(text: string, details?: Record<string, unknown>): void
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
