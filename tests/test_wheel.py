"""What a user gets from a wheel: the code, the presets, and nothing else."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

import trustscore

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(repository, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    # No isolation: the build backend is a development dependency, so no network is needed.
    subprocess.run(
        [
            sys.executable,
            "-m",
            "build",
            "--wheel",
            "--no-isolation",
            "--outdir",
            folder,
            repository,
        ],
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_code_presets_and_binaries_only(wheel, repository):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        compiled = json.loads(archive.read("trustscore/compiled.json"))
    expected = {
        str(path.relative_to(repository))
        for path in (repository / "trustscore").rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".so", ".pyd")
    }
    expected |= {f"trustscore/configs/{path.name}" for path in (repository / "configs").iterdir()}
    expected |= {"trustscore/compiled.json"}
    info = {name for name in names if ".dist-info/" in name}
    binaries = {name for name in names if name.endswith((".so", ".pyd"))}
    assert names - info - binaries == expected
    assert {name.split(".")[0].replace("/", ".") for name in binaries} == set(compiled)
    assert any(name.endswith("/licenses/LICENSE") for name in info)


def test_the_wheel_has_the_version_of_the_package(wheel):
    assert wheel.name.startswith(f"trustscore-{trustscore.__version__}-")


def test_presets_are_found_in_the_unpacked_wheel(wheel, repository, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    presets = sorted(path.stem for path in (repository / "configs").glob("*.toml"))
    others = ("boost", "detect", "lexicon")
    scorecards = [n for n in presets if n not in others and not n.endswith("signals")]
    assert len(scorecards) == len(presets) - 5
    code = (
        "import trustscore, sys\n"
        "from trustscore.boost import BoostPolicy\n"
        f"assert trustscore.__file__.startswith({str(tmp_path)!r}), trustscore.__file__\n"
        f"for name in {scorecards!r}: print(trustscore.load_scorecard(name).stamp)\n"
        "from trustscore.detect import load_settings\n"
        "assert load_settings().votes.rounds\n"
        "print(BoostPolicy.load().stamp)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(scorecards) + 1


def test_the_metadata_keeps_pyspark_an_extra(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = archive.read(name).decode().split("\n\n")[0].splitlines()
    assert f"Version: {trustscore.__version__}" in metadata
    assert "Requires-Python: >=3.11" in metadata
    extras = {line.removeprefix("Provides-Extra: ") for line in metadata if "Extra: " in line}
    assert extras == {
        "spark",
        "sql",
        "logs",
        "link",
        "plot",
        "report",
        "web",
        "mcdm",
        "docs",
        "dev",
    }
    (spark,) = (line for line in metadata if line.startswith("Requires-Dist: pyspark"))
    assert spark.replace('"', "'").endswith("extra == 'spark'")
