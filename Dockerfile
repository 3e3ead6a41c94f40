# The worker of Pawl, and the `pawl` command. `docker-compose.yml` starts it with Temporal beside it.
#
#   docker build -t pawl .
#   docker run --rm pawl pawl --help

# any image with Node ≥ 20.19, npm, and a user `node` with uid 1000, on Debian
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS dependencies
# for another registry than npm's own: --build-arg NPM_CONFIG_REGISTRY=…
ARG NPM_CONFIG_REGISTRY
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Temporal's SDK comes with its native part for five platforms, 110 MB of which serve others
RUN npm ci --omit=dev --no-progress \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM dependencies AS build
RUN npm ci --no-progress
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.mjs --traced

FROM ${NODE_IMAGE}
# `ssh -G` reads ssh_config as OpenSSH does, git and ssh-keygen read the config centre and its signatures; tar, gzip and flock
# are in the base image
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
# from what changes rarely to what changes often
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY docker/healthy.mjs docker/healthy.mjs
# the programs that are sent to hosts are read from src/host
COPY src/host src/host
COPY --from=build /app/dist dist
# its first call keeps what V8 makes of it; later ones may write nothing here
RUN ln -s /app/bin/pawl.cjs /usr/local/bin/pawl && pawl --version
# uid 1000: what is mounted for the worker (keys!) must be readable by it
USER node
# paths in inputs are relative to this folder
WORKDIR /files
# each look is a start of node, about half a second of one core
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["node", "/app/docker/healthy.mjs"]
# in this form SIGTERM reaches node itself, which hands running activities over
CMD ["node", "/app/dist/src/worker.js"]
