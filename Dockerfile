# The server on SQLite by default; compose.yaml runs it with MariaDB.
ARG NODE=24-bookworm-slim

FROM node:${NODE} AS build
WORKDIR /app
# better-sqlite3 is compiled if no ready build can be had.
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 make g++ \
  && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
# The page is built with the server below, once its sources are there.
RUN npm ci --ignore-scripts && npm rebuild
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY web web
COPY plugins plugins
COPY routes routes
COPY migrations migrations
RUN npm run build && npm prune --omit=dev

FROM node:${NODE}
ENV NODE_ENV=production \
  LOGGER_HOST=0.0.0.0 \
  LOGGER_DB_FILE=/data/loggerbot.sqlite \
  LOGGER_SPOOL_DIR=/data/spool
WORKDIR /app
COPY package.json LICENSE ./
COPY bin bin
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN ln -s /app/bin/loggerbot.js /usr/local/bin/loggerbot \
  && mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.LOGGER_PORT || 5000}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/bin/loggerbot.js"]
CMD ["serve"]
