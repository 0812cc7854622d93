"""What of the chart and of deploy/ is made from something else: `python -m devcluster.chart` makes it anew."""
