"""Writes include/powerbi from its sources: `make powerbi`."""

from __future__ import annotations

import shutil

from saldo import settings
from saldo.powerbi.project import pbir, tmdl
from saldo.powerbi.project.pages import read_pages
from saldo.powerbi.project.source import read_model


def main() -> None:
    """Replaces both folders by what the sources say now."""
    for name, files in (
        ("Saldo.SemanticModel", tmdl.files(read_model())),
        ("Saldo.Report", pbir.files(read_pages())),
    ):
        target = settings.include_dir() / "powerbi" / name
        shutil.rmtree(target, ignore_errors=True)
        for path, content in files.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            (target / path).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
