FROM node:26-slim AS deps
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings Node, so the one that npm brings for other machines goes.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-* node_modules/.bin/node
# A volume takes over the owner of the folder it is first mounted on.
RUN mkdir data && chmod 700 data

FROM node:26-slim
ENV NODE_ENV=production \
    SPANGATE_CONFIG=/etc/spangate/spangate.yaml \
    SPANGATE_DATA_DIR=/data \
    SPANGATE_GATEWAY__HOST=0.0.0.0 \
    SPANGATE_CONTROL__HOST=0.0.0.0
WORKDIR /app
COPY --from=deps /app/node_modules ./node_modules
COPY --from=deps --chown=node:node /app/data /data
COPY docker/spangate.yaml /etc/spangate/spangate.yaml
COPY . .
USER node
VOLUME /data
EXPOSE 4000 4001
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.SPANGATE_GATEWAY__PORT || 4000}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "start.mjs", "serve"]
