"""The Grafana dashboards of the chart: `python -m devcluster.dashboard` writes them anew."""
