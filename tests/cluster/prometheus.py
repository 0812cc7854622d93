"""A real Prometheus that scrapes operators of the tests, with the rules of the chart."""

import contextlib
import json
import math
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from devcluster.errors import DevClusterError
from devcluster.processes import Component, Spawner
from devcluster.waiting import wait_until

JOB = "gitops-operator"
_SPAWNER = Spawner()
_ADDRESS = re.compile(r'msg="Listening on".*address=(\S+)')
_READY = "ready to receive web requests"


class QueryError(Exception):
    """Prometheus did not understand a query, or could not answer it."""


class Prometheus:
    """Scrapes each second, and works out the rules as often."""

    def __init__(self, binaries: Path, folder: Path, targets: Mapping[str, str], rules: Sequence[Path]) -> None:
        config = {
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(file) for file in rules],
            "scrape_configs": [
                {
                    "job_name": JOB,
                    "honor_labels": True,
                    "static_configs": [
                        {"targets": [address], "labels": {"pod": pod, "namespace": "gitops-operator"}}
                        for pod, address in targets.items()
                    ],
                }
            ],
        }
        file = folder / "prometheus.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        command = [
            str(binaries / "prometheus"),
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'data'}",
            "--web.listen-address=127.0.0.1:0",
        ]
        self.log = folder / "prometheus.log"
        self._process = Component("prometheus", command, self.log, dict(os.environ))

    def start(self) -> None:
        self._process.start(_SPAWNER)
        wait_until(self._is_ready, "Prometheus is ready", explain=self._process.tail)

    def stop(self) -> None:
        self._process.stop(patience=0)

    def _is_ready(self) -> bool:
        self._process.ensure_alive()
        return self.log.exists() and _READY in self.log.read_text(encoding="utf-8")

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer of the API.

        Raises:
            QueryError: with what Prometheus says.
        """
        found = _ADDRESS.search(self.log.read_text(encoding="utf-8"))
        if found is None:
            raise DevClusterError("Prometheus does not listen")
        url = f"http://{found[1]}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise QueryError(error.read().decode()) from error

    def ask(self, query: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series now; what is no number is no answer."""
        found = [(one["metric"], float(one["value"][1])) for one in self.get("query", query=query)["result"]]
        return [(labels, value) for labels, value in found if not math.isnan(value)]

    def ask_range(self, query: str, start: float, end: float) -> list[float]:
        """Every number of a picture over that time."""
        answer = self.get("query_range", query=query, start=str(start), end=str(end), step="1")
        found = (float(value) for series in answer["result"] for _, value in series["values"])
        return [value for value in found if not math.isnan(value)]


@contextlib.contextmanager
def scraping(prometheus: Prometheus) -> Iterator[Prometheus]:
    """Running for the block."""
    try:
        prometheus.start()
        yield prometheus
    finally:
        prometheus.stop()
