# docker build --tag gitops-operator:0.1.0 .
# Another base image with Python 3.11 or newer: --build-arg BASE=…
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /src
RUN python -m venv /opt/gitops-operator
ENV PATH=/opt/gitops-operator/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# The dependencies are a layer of their own: it changes only with the lock file.
COPY requirements.lock ./
RUN pip install --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY gitops_operator ./gitops_operator
RUN pip install --no-deps . \
 && python -m compileall -q /opt/gitops-operator \
 && gitops-operator run --help >/dev/null

FROM ${BASE}
LABEL org.opencontainers.image.title="gitops-operator" \
      org.opencontainers.image.description="Makes clusters equal to Git and says what differs and why" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/gitops-operator /opt/gitops-operator
# Nobody's number, without an entry in /etc/passwd (the base image may have no tool to make one): the name is for
# libraries that ask for it. The home is the one folder besides the data that may be written to.
ENV PATH=/opt/gitops-operator/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    USER=gitops-operator HOME=/tmp
RUN mkdir -p /var/lib/gitops-operator && chown 65532:65532 /var/lib/gitops-operator
USER 65532:65532
VOLUME /var/lib/gitops-operator
EXPOSE 8080
ENTRYPOINT ["gitops-operator"]
CMD ["run"]
