# The bot as a container image: only what runs in production. No sandbox, no demo, no compiler, no rights, nothing written to disk.
#   docker build -t okms-bot .
# test/features/container.test.ts goes through these stages without an engine; it knows FROM, WORKDIR, ENV, COPY and RUN.

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
COPY commands ./commands
COPY jobs ./jobs
RUN node_modules/.bin/tsc -p tsconfig.build.json --sourceMap false
RUN rm -r dist/src/sandbox dist/src/demo

FROM node:22-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The optional ones hold what draws pictures, for this machine; and a compiler that the board's library may use, but does not need.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/typescript node_modules/@typescript

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="okms-bot" \
      org.opencontainers.image.description="Chat-ops bot for teams that encrypt VMware on OVHcloud VMs with the OVHcloud KMS" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
ENV NODE_ENV=production
COPY package.json LICENSE ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist

# By number, so that an orchestrator can see that it is not root. The files are root's: the bot cannot change itself.
USER 1000:1000
# OPS_PORT, and SLACK_PORT where Slack speaks HTTP.
EXPOSE 9090 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.OPS_PORT || 9090}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/main.js"]
