"""For those who deliver: what their Applications are, and how commits fare."""

from __future__ import annotations

from devcluster.dashboard.panels import Panel, Query, Row, stat, table

_J = 'job=~"$job"'
_A = f'{_J},namespace=~"$namespace"'
_INFO = f"gitops_application_info{{{_A}}}"
_APPLICATION = ("namespace", "name", "sync", "health", "reason", "repository", "revision")
_WAY = ("detected", "applied", "healthy")


def quantile(level: float, metric: str, window: str = "1h", by: str = "") -> str:
    """Of a histogram, for the chosen jobs."""
    groups = f"{by}, le" if by else "le"
    return f"histogram_quantile({level}, sum by ({groups}) (rate({metric}_bucket{{{_J}}}[{window}])))"


def _share(label: str, word: str) -> str:
    part = f'gitops_application_info{{{_A},{label}="{word}"}}'
    return f"(count({part}) or vector(0)) / count({_INFO})"


def _not_ready() -> str:
    return f'gitops_application_info{{{_A},reason!="Ready"}}'


_NOW = Row(
    "Now",
    [
        stat("Applications", "How many there are.", f"count({_INFO})"),
        stat(
            "Synced",
            "Share of the Applications whose objects equal Git.",
            _share("sync", "Synced"),
            unit="percentunit",
        ),
        stat(
            "Healthy",
            "Share of the Applications whose worst object is healthy.",
            _share("health", "Healthy"),
            unit="percentunit",
        ),
        stat(
            "Not Ready",
            "Applications whose condition Ready is not True; the table below has their reasons.",
            f"count({_not_ready()}) or vector(0)",
            steps=(1,),
        ),
        stat(
            "Fights",
            "Objects that somebody else keeps changing back.",
            f"sum(gitops_fights{{{_A}}}) or vector(0)",
            steps=(1, 5),
        ),
        stat(
            "Failed syncs, 1 h",
            "Syncs that failed within the last hour, of all namespaces.",
            f'sum(increase(gitops_sync_total{{{_J},phase="Failed"}}[1h]))',
            steps=(1, 5),
        ),
    ],
)
_DELIVERY = Row(
    "Delivery: all namespaces",
    [
        Panel(
            "From the commit, 95 %",
            "95 % of the commits of the last hour were detected, applied and healthy within this time, by the "
            "committer's clock. A commit that was pushed late shows here.",
            [Query(quantile(0.95, f"gitops_commit_to_{one}_seconds"), one) for one in _WAY],
            unit="s",
        ),
        Panel(
            "From the detection, 95 %",
            "The operator's own share: 95 % of the commits of the last hour were applied and healthy within this time "
            "after it had noticed them.",
            [Query(quantile(0.95, f"gitops_detected_to_{one}_seconds"), one) for one in _WAY[1:]],
            unit="s",
        ),
        Panel(
            "Within a minute of the detection",
            "Share of the commits of the last hour that were applied, and healthy, within a minute.",
            [
                Query(
                    f'sum(rate(gitops_detected_to_{one}_seconds_bucket{{{_J},le="60.0"}}[1h])) / '
                    f"sum(rate(gitops_detected_to_{one}_seconds_count{{{_J}}}[1h]))",
                    one,
                )
                for one in _WAY[1:]
            ],
            unit="percentunit",
        ),
        Panel(
            "Commits an hour",
            "Each commit counts once for each Application whose files it changes. Where fewer are applied than "
            "detected, somebody syncs by hand, or something is stuck.",
            [Query(f"sum(increase(gitops_commit_to_{one}_seconds_count{{{_J}}}[1h]))", one) for one in _WAY],
            width=12,
        ),
        Panel(
            "Syncs an hour",
            "Syncs that ended, by what started them and how they ended.",
            [Query(f"sum by (trigger, phase) (increase(gitops_sync_total{{{_J}}}[1h]))", "{{trigger}} {{phase}}")],
            width=12,
        ),
    ],
)
_APPLICATIONS = Row(
    "Applications",
    [
        Panel(
            "Sync",
            "Applications by sync status.",
            [Query(f"count by (sync) ({_INFO})", "{{sync}}")],
            width=12,
            stacked=True,
        ),
        Panel(
            "Health",
            "Applications by health.",
            [Query(f"count by (health) ({_INFO})", "{{health}}")],
            width=12,
            stacked=True,
        ),
        table(
            "Not Ready",
            "Each Application that is not Ready, with the reason; kubectl describe has the whole sentence.",
            _not_ready(),
            _APPLICATION,
        ),
        table("All Applications", "Each Application with the revision that it was compared with.", _INFO, _APPLICATION),
    ],
)
_DRIFT = Row(
    "Drift",
    [
        Panel(
            "Drift an hour",
            "Objects of all namespaces that moved away from Git, and corrections of such objects.",
            [
                Query(f"sum(increase(gitops_drift_detected_total{{{_J}}}[1h]))", "detected"),
                Query(f"sum(increase(gitops_drift_corrected_seconds_count{{{_J}}}[1h]))", "corrected"),
            ],
        ),
        Panel(
            "Time to the correction",
            "From the detection of drift to its correction, of the corrections of the last hour.",
            [Query(quantile(level, "gitops_drift_corrected_seconds"), f"{level:.0%}") for level in (0.5, 0.95, 0.99)],
            unit="s",
        ),
        table(
            "Fights",
            "Applications with objects that somebody else keeps changing back, and how many objects.",
            f"gitops_fights{{{_A}}} > 0",
            ("namespace", "name", "Value"),
            width=8,
        ),
    ],
)
ROWS = (_NOW, _DELIVERY, _APPLICATIONS, _DRIFT)
