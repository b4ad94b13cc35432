"""Nobody pays for what they do not use: imports are measured by name, never by time."""

import subprocess
import sys
from pathlib import Path

import pytest

import trustscore
from trustscore.commands.main import COMMANDS

# pandas and scikit-learn cost a second or more; a script that asks for help needs neither.
HEAVY = ["pandas", "sklearn", "scipy", "pyarrow", "joblib", "pyspark", "matplotlib", "sqlglot"]


def loaded_after(code: str) -> set[str]:
    """The heavy packages in ``sys.modules`` of a fresh interpreter that ran the code."""
    script = (
        f"import sys\n"
        f"try:\n"
        f"    exec({code!r})\n"
        f"except SystemExit as stop:\n"
        f"    assert not stop.code, stop.code\n"
        f"print('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].removeprefix("loaded:").split())


def test_the_probe_sees_a_heavy_import():
    assert "scipy" in loaded_after("import scipy")


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_after("import trustscore; dir(trustscore)") == set()


def test_the_floors_down_from_boost_load_numpy_and_pydantic_only():
    assert loaded_after("import trustscore.boost, trustscore.scoring") == set()


@pytest.mark.parametrize(
    "words", [[], ["export", "sql"], *([name] for name in COMMANDS)], ids=" ".join
)
def test_help_loads_neither_pandas_nor_sklearn(words):
    code = f"from trustscore.commands.main import main; main({[*words, '--help']!r})"
    assert loaded_after(code) & {"pandas", "sklearn", "scipy", "pyspark"} == set()


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "trustscore", "--version"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert trustscore.__version__ in done.stdout


def test_the_version_needs_no_command():
    code = "from trustscore.commands.main import main; main(['--version'])"
    assert loaded_after(code) & {"pandas", "sklearn", "scipy"} == set()


@pytest.mark.parametrize("out", ["scores.csv", "scores.parquet"])
def test_scoring_a_file_loads_neither_pandas_nor_sklearn(out, tmp_path):
    shops = Path(__file__).resolve().parent.parent / "examples" / "shops.csv"
    words = ["score", str(shops), "--scorecard", "minimal", "-o", str(tmp_path / out), "--quiet"]
    code = f"from trustscore.commands.main import main; main({words!r})"
    assert loaded_after(code) & {"pandas", "sklearn", "scipy"} == set()


@pytest.mark.parametrize("name", trustscore.__all__)
def test_every_public_name_resolves_and_is_kept(name):
    value = getattr(trustscore, name)
    assert name in dir(trustscore)
    assert vars(trustscore)[name] is value


def test_the_lazy_table_and_the_public_list_agree():
    assert set(trustscore._HOMES) | {"__version__"} == set(trustscore.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'TrustScore'"):
        trustscore.TrustScore  # noqa: B018
