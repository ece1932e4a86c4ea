# One image for every service: the command names which. Nothing is written but to DATA_DIR, which
# only the embedded store and event log use, so its root may be read-only.

FROM python:3.11-slim AS build
RUN python -m venv /opt/venv
COPY requirements/service.txt /tmp/service.txt
# The pins carry hashes: what was not tested is not installed.
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes --requirement /tmp/service.txt
COPY src /app/src
RUN /opt/venv/bin/python -m compileall -q /app/src

FROM node:22-slim AS pages
WORKDIR /pages
COPY src/apps/pages/package.json src/apps/pages/package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app/src \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    DATA_DIR=/data \
    HEALTH_URL=http://127.0.0.1:3004/health/live
RUN useradd --system --uid 10001 --no-create-home inventory \
    && install --directory --owner=inventory /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
COPY --from=pages /pages/node_modules /app/src/apps/pages/node_modules
USER inventory
WORKDIR /app
VOLUME /data
EXPOSE 3001 3004 3006 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(os.environ['HEALTH_URL'], timeout=2)"]
ENTRYPOINT ["python", "-m", "apps"]
CMD ["orders"]
