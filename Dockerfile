# The worker of Pawl, and the `pawl` command. `docker-compose.yml` starts it with Temporal beside it.
#
#   docker build -t pawl .
#   docker run --rm pawl pawl --help

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.mjs

FROM node:22-bookworm-slim
# `ssh -G` reads ssh_config as OpenSSH does; tar and gzip, with which archives are looked into, are in the base image
RUN apt-get update \
  && apt-get install -y --no-install-recommends openssh-client \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production NODE_OPTIONS=--enable-source-maps
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-progress && npm cache clean --force
COPY bin bin
# the programs that are sent to hosts are read from src/host
COPY src/host src/host
COPY docker/healthy.mjs docker/healthy.mjs
COPY --from=build /app/dist dist
RUN ln -s /app/bin/pawl.cjs /usr/local/bin/pawl
# uid 1000: what is mounted for the worker (keys!) must be readable by it
USER node
# paths in inputs are relative to this folder
WORKDIR /files
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["node", "/app/docker/healthy.mjs"]
CMD ["node", "/app/dist/src/worker.js"]
