# syntax=docker/dockerfile:1
# Two stages: what builds is not in what runs. Nothing but /data is written at run time.
ARG PYTHON=3.13
FROM python:${PYTHON}-slim AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/zhitong && /opt/zhitong/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY bot bot
COPY handlers handlers
COPY cases cases
COPY faq faq
COPY config config
RUN /opt/zhitong/bin/pip install --no-cache-dir --no-deps --no-build-isolation . && /opt/zhitong/bin/python -m compileall -q /opt/zhitong

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin zhitong \
    && install -d -o 10001 -g 10001 -m 0700 /data
COPY --from=build /opt/zhitong /opt/zhitong
ENV PATH=/opt/zhitong/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUTF8=1 \
    ZHITONG_DATA_DIR=/data ZHITONG_HOST=0.0.0.0 ZHITONG_PORT=8080
USER 10001:10001
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# /healthz waits for nobody's server; the image has no curl.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["zhitong"]
CMD ["run"]
