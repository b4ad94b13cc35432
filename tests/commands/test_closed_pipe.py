"""Who closes the pipe, as `head` does, ends every command alike: 141, and not a word."""

import os
import subprocess
import sys

import pytest

SCORES = (
    "merchant_id,trust_index,index_se,prior_index,coverage,status,veto\na,90,3,71,0.9,formal,\n"
)
FILES = {
    "candidates.csv": "query_id,item_id,merchant_id,relevance\nq,i1,a,0.5\nq,i2,b,0.4\n",
    "scores.csv": SCORES,
    "last.csv": "merchant_id,tier\na,standard\n",
    "export.csv": "merchant_id,negative_reviews\na,1\n",
}
COMMANDS = {
    "boost": "boost candidates.csv --scores scores.csv -o -",
    "why": "boost candidates.csv --scores scores.csv --why q i1",
    "boost-eval": "boost-eval candidates.csv --scores scores.csv -o eval --draws 10",
    "export": "export boost scores.csv --to redis -o -",
    "rights": "rights scores.csv --previous last.csv -o -",
    "score": "score export.csv -o - --scorecard minimal --allow-missing-columns",
    "schema": "schema",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_closed_pipe_ends_every_command_alike(name, tmp_path):
    for path, text in FILES.items():
        (tmp_path / path).write_text(text)
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "trustscore", *COMMANDS[name].split()],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            cwd=tmp_path,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")
