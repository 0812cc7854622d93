# docker build --tag gitops-operator:0.1.0 .
#
# Other bases: --build-arg BASE=… (Python 3.11 or newer with venv, glibc, certificates of authorities, a shell),
#              --build-arg GO_BASE=… (Go 1.26 or newer, certificates of authorities, a shell).
# Behind an index of your own: --secret id=pip,src=pip.conf and --build-arg GOPROXY=…
ARG BASE=python:3.13-slim
ARG GO_BASE=golang:1.26

# helm and kustomize, from the modules that the tests use, too. Their versions stand in go.mod and nowhere else.
FROM ${GO_BASE} AS tools
ARG GOPROXY
ARG GOSUMDB
ENV GOPATH=/go GOCACHE=/go/build
WORKDIR /src
COPY devcluster/packaging/go.mod devcluster/packaging/go.sum ./
RUN helm=$(go list -m -f '{{.Version}}' helm.sh/helm/v4) \
 && kustomize=$(go list -m -f '{{.Version}}' sigs.k8s.io/kustomize/kustomize/v5) \
 && variables="-X helm.sh/helm/v4/internal/version.version=$helm -X sigs.k8s.io/kustomize/api/provenance.version=$kustomize" \
 && export CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off \
 && go build -mod=readonly -buildvcs=false -trimpath "-ldflags=-s -w $variables" -o /out/ \
      helm.sh/helm/v4/cmd/helm sigs.k8s.io/kustomize/kustomize/v5

FROM ${BASE} AS build
WORKDIR /src
RUN python3 -m venv /opt/gitops-operator
ENV PATH=/opt/gitops-operator/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# The dependencies are a layer of their own: it changes only with the lock file.
COPY requirements.lock ./
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    pip install --no-compile --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY gitops_operator ./gitops_operator
# What installs is not needed any more; what is compiled need not be compiled at each start on a read-only disk.
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    pip install --no-compile --no-deps . \
 && pip uninstall --yes pip setuptools \
 && python -m compileall -q /opt/gitops-operator \
 && gitops-operator run --help >/dev/null

# Neither git nor ssh is needed: libgit2 speaks both protocols, and it comes with pygit2.
FROM ${BASE}
ARG BASE
LABEL org.opencontainers.image.title="gitops-operator" \
      org.opencontainers.image.description="Makes clusters equal to Git and says what differs and why" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="${BASE}"
COPY --from=tools /out/ /usr/local/bin/
COPY --from=build /opt/gitops-operator /opt/gitops-operator
# Nobody's number, without an entry in /etc/passwd (the base image may have no tool to make one): the name is for
# libraries that ask for it. The home is the one folder besides the data that may be written to.
ENV PATH=/opt/gitops-operator/bin:$PATH \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    USER=gitops-operator HOME=/tmp
RUN mkdir -p /var/lib/gitops-operator && chown 65532:65532 /var/lib/gitops-operator
USER 65532:65532
VOLUME /var/lib/gitops-operator
EXPOSE 8080 8081
ENTRYPOINT ["gitops-operator"]
CMD ["run"]
