"""Run the command line as ``python -m trustscore``."""

from trustscore.commands.main import main

if __name__ == "__main__":
    main()
