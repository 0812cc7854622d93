"""Writes the dashboards; `make chart`."""

from devcluster.dashboard.boards import FOLDER, dashboards


def main() -> None:
    """Say which files have changed."""
    for name, text in dashboards().items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(FOLDER.parents[2])}")


if __name__ == "__main__":
    main()
