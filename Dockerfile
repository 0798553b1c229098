FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
# Without the optional ones too: that is where compilers stand which templates could be written for.
RUN npm run build && npm prune --omit=dev --omit=optional --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Found from dist/http as ../../views: they stay beside dist.
COPY views ./views
# The server writes nowhere but here: the SQLite database and the keys beside it. So it runs with
# --read-only --tmpfs /tmp.
RUN mkdir /config /data && chown node:node /data && chmod 0700 /data
USER node
VOLUME ["/config", "/data"]
EXPOSE 3000
# Asks the private listener, or the front door where there is none; it opens no database.
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 \
  CMD ["node", "dist/cli/main.js", "healthcheck", "--config", "/config"]
# Exec form: the server itself gets SIGTERM and drains. It starts no processes, so no init is needed.
CMD ["node", "dist/cli/main.js", "serve", "--config", "/config"]
