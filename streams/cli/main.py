"""`nabz`: all commands, and how each of them ends.

Commands are imported eagerly, what they need inside their functions: `nabz --help` answers at once,
and a command pays for nothing but itself. Whatever goes wrong ends as one line on standard error
and an exit code (`streams.cli.errors`).

Next step: a command, each in the file of its name.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any, Final

import click

from streams import shadowing
from streams.cli.alerts import alerts
from streams.cli.backtest import audit_sample, backtest
from streams.cli.channels import channels
from streams.cli.config import config
from streams.cli.deliveries import deliveries
from streams.cli.demo import demo
from streams.cli.diff_config import diff_config
from streams.cli.dlq import dlq
from streams.cli.doctor import doctor
from streams.cli.errors import told
from streams.cli.export import export
from streams.cli.fit import fit
from streams.cli.init import init
from streams.cli.log import log
from streams.cli.notifier import notifier
from streams.cli.options import examples
from streams.cli.playbooks import playbooks
from streams.cli.processes import worker
from streams.cli.replay import replay
from streams.cli.routes import routes
from streams.cli.rules import rules
from streams.cli.score import score
from streams.cli.silences import silences
from streams.cli.simulate import simulate
from streams.cli.sources import sources
from streams.cli.tail import tail
from streams.cli.top import top
from streams.cli.topics import topics
from streams.cli.tune import tune
from streams.cli.up import up
from streams.cli.why import why
from streams.cli.why_not import why_not

_GROUPS: Final = (
    ("Run", (demo, up, worker, notifier, simulate)),
    ("Ask", (why, why_not, top, score, fit, tail, replay, log, dlq, diff_config, export)),
    ("Tune", (backtest, tune, audit_sample, playbooks)),
    ("Notify", (alerts, silences, routes, channels, deliveries)),
    ("Set up", (init, config, rules, topics, sources, doctor)),
)


class Commands(click.Group):
    """A group whose errors are one line each, and whose help is in the order of use."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002  # click's own signature
        **extra: Any,
    ) -> Any:
        """Run a command and exit; without `standalone_mode` return and raise, as click does."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        given = list(sys.argv[1:] if args is None else args)
        try:
            shadowing.check()
            code = super().main(
                given, prog_name or "nabz", complete_var, standalone_mode=False, **extra
            )
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(error.exit_code)
        except (Exception, KeyboardInterrupt) as error:
            if given[:1] == ["--debug"] and not isinstance(error, click.ClickException):
                raise
            line, exit_code = told(error)
            click.echo(f"nabz: {line}", err=True)
            sys.exit(exit_code)
        sys.exit(code if isinstance(code, int) else 0)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands by what they are for."""
        for title, commands in _GROUPS:
            with formatter.section(title):
                formatter.write_dl(
                    [(one.name or "", one.get_short_help_str(limit=70)) for one in commands]
                )


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "nabz demo                  see it work, without a Kafka",
        "nabz up                    run all of it, on a broker in memory or yours",
        "nabz why c-102             every point of a customer's scores, with its cause",
    ),
)
@click.version_option(package_name="nabz", message="nabz %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of a crash; it may quote records.")
def main(*, debug: bool) -> None:
    """Watch every customer, and tell the right person before a problem escalates."""
    del debug  # looked at where errors end, before there is a context


for _, _commands in _GROUPS:
    for _command in _commands:
        main.add_command(_command)


if __name__ == "__main__":
    main()
