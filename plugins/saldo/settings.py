"""Where Saldo finds its settings: the section [saldo] of Airflow's own configuration."""

from __future__ import annotations

from pathlib import Path

SECTION = "saldo"
WAREHOUSE_CONNECTION = "saldo_warehouse"
MIGRATION_CONNECTION = "saldo_migration"
REPORT_CONNECTION = "saldo_report"


def get(option: str, default: str) -> str:
    """One option of the section [saldo], as Airflow resolves it (file, environment, secrets backend)."""
    from airflow.configuration import conf

    return str(conf.get(SECTION, option, fallback=default))


def is_on(option: str) -> bool:
    """Whether an option of the section [saldo] that is off unless set has been set."""
    from airflow.configuration import conf

    return bool(conf.getboolean(SECTION, option, fallback=False))


def include_dir() -> Path:
    """The folder with the SQL and other files beside the package.

    The setting [saldo] include_dir overrides it; else it is `include/` beside `plugins/`.

    Raises:
        FileNotFoundError: the folder holds no sql/; the sentence says which setting to mend.
    """
    configured = get("include_dir", "")
    folder = Path(configured) if configured else Path(__file__).parents[2] / "include"
    if not (folder / "sql").is_dir():
        raise FileNotFoundError(
            f"Saldo's SQL files are not in {folder}: set [saldo] include_dir to the folder include/ of Saldo"
        )
    return folder


def custom_dir() -> Path:
    """The folder with one's own marts and checks, which no version of Saldo writes to.

    The setting [saldo] custom_sql_dir overrides it; else it is `sql/custom` of the include folder.

    Raises:
        FileNotFoundError: the setting names a folder that is not there.
    """
    configured = get("custom_sql_dir", "")
    if configured and not Path(configured).is_dir():
        raise FileNotFoundError(
            f"[saldo] custom_sql_dir is {configured}, which is no folder: make it, or mend the setting"
        )
    return Path(configured) if configured else include_dir() / "sql" / "custom"
