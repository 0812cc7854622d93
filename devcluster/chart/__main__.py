"""Writes what is generated; `make chart`."""

from devcluster.chart.generated import ROOT, generated


def main() -> None:
    """Say which files have changed."""
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
