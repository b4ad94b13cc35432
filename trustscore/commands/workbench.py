"""``trustscore workbench``: move a scorecard's figures in a browser."""

from __future__ import annotations

import datetime as dt

import click

from trustscore.commands import options
from trustscore.commands.messages import note, say
from trustscore.commands.progress import progress_bar

EXAMPLE = """\b
Example:
  trustscore workbench export.csv
  trustscore workbench export.csv --scorecard mine.toml --folder scorecards --no-browser
"""


@click.command("workbench", epilog=EXAMPLE)
@click.argument("export", type=options.EXPORTS)
@options.scorecard("to begin with")
@click.option(
    "--folder",
    default=".",
    show_default=True,
    metavar="DIR",
    type=click.Path(exists=True, file_okay=False),
    help="The only folder that scorecards are saved in.",
)
@click.option(
    "--port",
    default=0,
    metavar="N",
    type=click.IntRange(0, 65_535),
    help="Port on 127.0.0.1; without it a free one.",
)
@click.option(
    "--no-browser", is_flag=True, help="Print the address only, and do not open a browser."
)
@options.as_of(options.STAY)
@options.allow_missing_columns()
@options.encoding("the export")
@options.quiet()
def command(
    export: str,
    scorecard: str,
    folder: str,
    port: int,
    no_browser: bool,
    as_of: dt.date | None,
    allow_missing_columns: bool,
    encoding: str | None,
    quiet: bool,
) -> None:
    """Open EXPORT in a workbench: move weights, anchors, caps and tier lines, see who moves.

    It is served to this machine only, at an address with a secret token. A scorecard is written
    only when its differences were shown and saving was clicked. Ends with Ctrl-C. Needs the extra
    web, that is pip install fastapi uvicorn.
    """
    import webbrowser

    from trustscore.errors import InputError
    from trustscore.web.files import open_bench

    try:
        from trustscore.web import server
    except ModuleNotFoundError as error:
        raise InputError(
            f"the workbench takes {error.name}, which the extra `web` installs:"
            " pip install fastapi uvicorn"
        ) from None
    # A port that is taken is found before a large export is read.
    try:
        held = server.listen(port)
    except OSError as error:
        raise InputError(
            f"port: {port} cannot be had: {error.strerror}; leave --port out for a free one"
        ) from None
    with held:
        with progress_bar(quiet) as progress:
            bench, rejected = open_bench(
                export,
                scorecard,
                folder,
                as_of=as_of,
                allow_missing_columns=allow_missing_columns,
                encoding=encoding,
                progress=progress,
            )
        if rejected and not quiet:
            note(f"{rejected:,} rows of {export} have faults and were left out; see `check`")
        token = server.new_token()
        where = server.address(held, token)
        say(where)
        if not no_browser:
            webbrowser.open(where)
        server.serve(bench, held, token)
