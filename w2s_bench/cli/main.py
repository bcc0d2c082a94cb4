"""The command ``w2s-bench``: the group of all verbs, and the handling of errors.

Results go to standard output, progress and errors to standard error. Exit status: 0 if all is well, 1 if
something that was checked or run failed, 2 for bad input, 130 after Ctrl-C.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from w2s_bench.cli.check import check
from w2s_bench.cli.compare import compare
from w2s_bench.cli.doctor import doctor
from w2s_bench.cli.leaderboard import board, submit
from w2s_bench.cli.list_show import list_, show
from w2s_bench.cli.new import new
from w2s_bench.cli.plan import plan
from w2s_bench.cli.report import report
from w2s_bench.cli.run import run
from w2s_bench.cli.store import store
from w2s_bench.cli.tune import tune
from w2s_bench.cli.zoo import zoo
from w2s_bench.errors import UserError

STOPPED = 130  # exit status after Ctrl-C


class Verbs(click.Group):
    """Prints a UserError as one line on standard error and exits with 2."""

    def invoke(self, context: click.Context) -> Any:
        """Run a verb; turn user errors and Ctrl-C into exit statuses."""
        try:
            return super().invoke(context)
        except UserError as error:
            click.echo(f"w2s-bench: {error}", err=True)
            sys.exit(2)
        except (KeyboardInterrupt, click.Abort):
            say_stopped()
            sys.exit(STOPPED)
        except BrokenPipeError:
            sys.exit(0)


def say_stopped() -> None:
    """Print that Ctrl-C loses no finished job, and how to resume."""
    click.echo("Stopped. Finished jobs are kept: run the same command again to resume.", err=True)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="w2s-bench")
def main() -> None:
    """Benchmarks for weak-to-strong generalization.

    \b
    w2s-bench run quick             run a suite; write tables, curves and a report
    w2s-bench plan real --hub DIR   show the jobs of a suite and which are finished
    w2s-bench list tasks            list tasks (or methods, models, suites)
    w2s-bench show confidence       describe one of them
    w2s-bench new method NAME       start a method of your own
    w2s-bench submit runs/quick     write bundles for a leaderboard
    """


for verb in (board, check, compare, doctor, list_, new, plan, report, run, show, store, submit, tune, zoo):
    main.add_command(verb)
