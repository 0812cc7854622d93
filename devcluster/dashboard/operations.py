"""For those who run the operator: what it does, and what it waits for."""

from __future__ import annotations

from devcluster.dashboard.delivery import quantile
from devcluster.dashboard.panels import Panel, Query, Row, stat, table

_J = 'job=~"$job"'
_R = "$__rate_interval"
_LEVELS = (0.5, 0.95, 0.99)
_WRITES = ',verb!~"get|list|watch",dry_run="false"'


def _levels(metric: str) -> list[Query]:
    return [Query(quantile(level, metric, _R), f"{level:.0%}") for level in _LEVELS]


def _rate(metric: str, by: str, more: str = "") -> str:
    return f"sum by ({by}) (rate({metric}{{{_J}{more}}}[{_R}]))"


_NOW = Row(
    "Now",
    [
        stat(
            "Leaders",
            "Replicas that hold the Lease; anything but 1 is wrong.",
            f"sum(gitops_leader{{{_J}}})",
            options={
                "defaults": {
                    "thresholds": {
                        "mode": "absolute",
                        "steps": [
                            {"color": "red", "value": None},
                            {"color": "green", "value": 1},
                            {"color": "red", "value": 2},
                        ],
                    }
                }
            },
        ),
        stat("Replicas", "Processes that are scraped.", f"count(gitops_leader{{{_J}}})"),
        stat(
            "Version",
            "What the replicas run; two versions show during an upgrade.",
            f"count by (version) (gitops_build_info{{{_J}}})",
            legend="{{version}}",
            options={"text": "name"},
        ),
        stat("Waiting", "Applications in the queue.", f"sum(gitops_queue_depth{{{_J}}})"),
        stat(
            "Longest wait",
            "For how long the Application that waits longest has waited.",
            f"max(gitops_queue_oldest_seconds{{{_J}}})",
            unit="s",
            steps=(10, 120),
        ),
        stat(
            "Kinds not ready",
            "Kinds that cannot be listed, or whose list is not there yet.",
            f"count(gitops_cache_kind_state{{{_J}}}) or vector(0)",
            steps=(1,),
        ),
    ],
)
_PASSES = Row(
    "Queue and passes",
    [
        Panel(
            "Waiting and being looked at",
            "Applications in the queue, and in the hands of workers. A queue that does not return to 0 lacks workers.",
            [
                Query(f"sum(gitops_queue_depth{{{_J}}})", "waiting"),
                Query(f"sum(gitops_workers_busy{{{_J}}})", "being looked at"),
            ],
        ),
        Panel(
            "Wait in the queue, 95 %",
            "By the reason of the wake-up; the first are served first.",
            [Query(quantile(0.95, "gitops_queue_wait_seconds", _R, "priority"), "{{priority}}")],
            unit="s",
        ),
        Panel(
            "Passes a second",
            "Looks at an Application, by the reason of the wake-up.",
            [Query(_rate("gitops_queue_wait_seconds_count", "priority"), "{{priority}}")],
            unit="ops",
            stacked=True,
        ),
        Panel("Time of a pass", "Whole passes.", _levels("gitops_reconcile_seconds"), unit="s"),
        Panel(
            "Time by stage",
            "Seconds a second that passes spend in each stage; 1 is one worker all the time.",
            [Query(_rate("gitops_stage_seconds_sum", "stage"), "{{stage}}")],
            unit="none",
            stacked=True,
        ),
        Panel(
            "Passes that are run again",
            "conflict: another write came first, which is harmless. api: the API server refused the status. bug: see "
            "the log. Restarts of Kopf stand beside them.",
            [
                Query(f"sum by (reason) (increase(gitops_reconcile_failures_total{{{_J}}}[5m]))", "{{reason}}"),
                Query(f"sum(increase(gitops_kopf_restarts_total{{{_J}}}[5m]))", "Kopf restarts"),
            ],
        ),
    ],
)
_CLUSTER = Row(
    "Cluster",
    [
        Panel(
            "Requests to the Kubernetes API",
            "By verb; a quiet fleet only renews its Lease. A watch counts when it begins.",
            [Query(_rate("gitops_api_requests_total", "cluster, verb", ',dry_run="false"'), "{{cluster}} {{verb}}")],
            unit="reqps",
        ),
        Panel(
            "Answers that are not 2xx",
            "By code; 0 is no answer. 304 is no news, 409 another writer, 410 a watch that begins anew.",
            [Query(_rate("gitops_api_requests_total", "cluster, code", ',code!~"2.."'), "{{cluster}} {{code}}")],
            unit="reqps",
        ),
        Panel(
            "Writes and dry runs",
            "The ten resources that are written most, without dry runs, which stand beside them.",
            [
                Query(
                    "topk(10, " + _rate("gitops_api_requests_total", "verb, resource", _WRITES) + ")",
                    "{{verb}} {{resource}}",
                ),
                Query(_rate("gitops_api_requests_total", "verb", ',dry_run="true"'), "dry run: {{verb}}"),
            ],
            unit="reqps",
        ),
        Panel(
            "Objects in the cache",
            "By cluster and replica; a standby keeps its cache warm.",
            [Query(f"sum by (cluster, instance) (gitops_cache_objects{{{_J}}})", "{{cluster}} {{instance}}")],
        ),
        Panel(
            "Age of events",
            "From the write of an object to its event in the cache, in whole seconds.",
            _levels("gitops_cache_event_lag_seconds"),
            unit="s",
        ),
        table(
            "Kinds that are not ready",
            "Applications with objects of such a kind wait.",
            f"max by (cluster, group, kind, state) (gitops_cache_kind_state{{{_J}}})",
            ("cluster", "group", "kind", "state"),
            width=8,
        ),
    ],
)
_GIT = Row(
    "Git and renders",
    [
        Panel(
            "Requests to Git servers",
            "By server and what is asked.",
            [Query(_rate("gitops_git_requests_total", "host, operation"), "{{host}} {{operation}}")],
            unit="reqps",
        ),
        Panel(
            "Requests to Git servers by result",
            "ok, or the reason of the failure.",
            [Query(_rate("gitops_git_requests_total", "result"), "{{result}}")],
            unit="reqps",
        ),
        Panel(
            "Time of a fetch, 95 %",
            "Fetches and clones of the last hour, by server.",
            [Query(quantile(0.95, "gitops_git_fetch_seconds", "1h", "host"), "{{host}}")],
            unit="s",
        ),
        Panel(
            "Webhooks",
            "By Git server, and what became of them.",
            [Query(_rate("gitops_webhook_deliveries_total", "provider, result"), "{{provider}} {{result}}")],
            unit="reqps",
        ),
        Panel(
            "Looks into the render cache",
            "memory and disk spare a render, rendered did not; whole commit: a tool had to see all of it.",
            [
                Query(_rate("gitops_render_cache_total", "result"), "{{result}}"),
                Query(f"sum(rate(gitops_render_whole_tree_total{{{_J}}}[{_R}]))", "whole commit"),
            ],
            unit="ops",
        ),
        Panel(
            "Time of a render, 95 %",
            "Renders of the last hour, by tool.",
            [Query(quantile(0.95, "gitops_render_seconds", "1h", "tool"), "{{tool}}")],
            unit="s",
        ),
    ],
)
_PROCESS = Row(
    "Process",
    [
        Panel(
            "Memory",
            "Resident memory of each replica.",
            [Query(f"process_resident_memory_bytes{{{_J}}}", "{{instance}}")],
            unit="bytes",
            width=6,
        ),
        Panel(
            "CPU",
            "Cores that each replica uses.",
            [Query(f"rate(process_cpu_seconds_total{{{_J}}}[{_R}])", "{{instance}}")],
            unit="none",
            width=6,
        ),
        Panel(
            "Open files",
            "Files and connections of each replica.",
            [Query(f"process_open_fds{{{_J}}}", "{{instance}}")],
            width=6,
        ),
        Panel(
            "Age of the process",
            "A line that falls to 0 is a restart.",
            [Query(f"time() - process_start_time_seconds{{{_J}}}", "{{instance}}")],
            unit="s",
            width=6,
        ),
    ],
)
ROWS = (_NOW, _PASSES, _CLUSTER, _GIT, _PROCESS)
