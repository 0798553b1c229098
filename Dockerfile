FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# Found from dist/http as ../../views: they stay beside dist.
COPY views ./views
# The server writes nowhere but here: the SQLite database and the keys beside it.
RUN mkdir /config /data && chown node:node /data && chmod 0700 /data
USER node
VOLUME ["/config", "/data"]
EXPOSE 3000
# Exec form: the server itself gets SIGTERM and drains. It starts no processes, so no init is needed.
CMD ["node", "dist/cli/main.js", "serve", "--config", "/config"]
