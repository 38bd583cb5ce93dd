# The reference server alone: its dependencies at the versions that requirements.txt pins, no test tools, not root.
FROM python:3.13-slim AS dependencies
WORKDIR /build
COPY pyproject.toml requirements.txt ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['optional-dependencies']['server'], sep='\n')" > server.txt \
 && grep -E '^[A-Za-z0-9._-]+==' requirements.txt > pins.txt \
 && python -m venv --without-pip /opt/server \
 && python -m pip --python /opt/server/bin/python install --no-cache-dir --disable-pip-version-check -r server.txt -c pins.txt

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin server
COPY --from=dependencies /opt/server /opt/server
COPY reference_server /srv/reference_server
WORKDIR /srv
ENV PATH=/opt/server/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 REFERENCE_SERVER_HOST=0.0.0.0
USER 10001
EXPOSE 3000 3001
CMD ["python", "-m", "reference_server"]
