# Two stages: the first has pip and its traces, the second only what runs.
# The tag names the release line. Pin its digest where you build: a digest names one build of
# the image for ever, so it belongs to whoever rebuilds for security fixes.
#
#   docker build -t reelroom .
#   docker run -v reelroom:/data -e DISCORD_TOKEN_FILE=/run/secrets/token \
#              -v ./token:/run/secrets/token:ro reelroom
#
# PyPI's torch for Linux brings CUDA. A machine without a GPU can save gigabytes with
# --build-arg PIP_EXTRA_INDEX_URL=... naming PyTorch's index of CPU builds.

FROM python:3.11-slim-bookworm AS dependencies
ARG PIP_EXTRA_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/venv
WORKDIR /build
COPY pyproject.toml constraints.txt README.md LICENSE ./
RUN /opt/venv/bin/pip install -c constraints.txt .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --user-group --home-dir /data reelroom \
    && install --directory --owner=reelroom --group=reelroom /data
COPY --from=dependencies /opt/venv /opt/venv
COPY bot /app/bot
COPY generation /app/generation
COPY storage /app/storage
COPY config /app/config
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    REELROOM_STORAGE__DATA_FOLDER=/data \
    REELROOM_WEB__HEALTH_PORT=8080
WORKDIR /app
USER reelroom
VOLUME /data
# SIGTERM lets the running clip end within generation.grace_seconds, and the rest stays queued.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 \
    CMD ["python", "-m", "bot", "doctor", "--quick"]
ENTRYPOINT ["python", "-m", "bot"]
CMD ["run"]
