"""The `spark-lsp` command: which subcommands there are and what they take.

Owns the arguments and the one-line errors. Each subcommand lives in a module of its own, imported
when it is called, so that the command answers fast.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import NoReturn

import spark_lsp
from spark_lsp.cli.errors import CommandError


def main() -> NoReturn:
    """Run the command line; never returns."""
    arguments = _parser().parse_args()
    _configure_logs(os.environ.get("SPARK_LSP_LOG", "warning").upper())
    try:
        status = arguments.run(arguments)
    except CommandError as error:
        sys.stderr.write(f"spark-lsp: {_one_line(str(error))}\n")
        status = error.status
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        # Who read our output has had enough; nothing more can be said to them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)


def _configure_logs(level: str) -> None:
    """Log to standard error; only what is ours follows the level that a person asks for.

    Libraries tell more than may be told: websockets logs headers, and the key in them; pygls logs
    messages, and the person's code.
    """
    logging.basicConfig(
        level=logging.WARNING,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("pygls").setLevel(logging.ERROR)
    known = level in logging.getLevelNamesMapping()
    logging.getLogger("spark_lsp").setLevel(level if known else logging.WARNING)


def _one_line(text: str) -> str:
    return " ".join(text.split())


class _Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line, and where to read on."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(2, f"{self.prog}: {_one_line(message)}; try {self.prog} --help\n")


def _number(least: int, most: int) -> Callable[[str], int]:
    """Return what reads a number within bounds."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"say a number from {least} to {most}, not {text!r}")
        return number

    return read


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="spark-lsp",
        description="A language server for realtime completion: ghost text that streams while you "
        "type, from any model or from none.",
        epilog="Set SPARK_LSP_LOG=info or debug to see what happens, on standard error.",
    )
    parser.add_argument("--version", action="version", version=spark_lsp.__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    serve = commands.add_parser(
        "serve",
        help="the language server; editors start this",
        description="Serve one editor. Without options it speaks over standard input and output.",
    )
    where = serve.add_mutually_exclusive_group()
    where.add_argument("--stdio", action="store_true", help="standard streams (the default)")
    where.add_argument(
        "--tcp",
        metavar="HOST:PORT",
        help="listen on this loopback address instead; whoever connects first is served",
    )
    serve.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    serve.add_argument(
        "--trace",
        type=Path,
        metavar="FILE",
        help="record the session into a new file, without secrets, for `drive` to replay",
    )
    serve.set_defaults(run=_serve)

    backend = commands.add_parser(
        "backend",
        help="the embedded engine behind the Responses API",
        description="Serve the embedded engine on loopback. Prints one line of JSON with the "
        "address and a token when it is ready, and ends when its standard input closes.",
    )
    backend.add_argument("--host", default="127.0.0.1", help="loopback address (127.0.0.1)")
    backend.add_argument(
        "--port", type=_number(0, 65_535), default=0, metavar="N", help="port (any free one)"
    )
    backend.add_argument("--workspace", type=Path, metavar="DIR", help="what to learn from")
    backend.set_defaults(run=_backend)

    drive = commands.add_parser(
        "drive",
        help="watch a file being typed, as an editor would show it",
        description="Start a real server, open each file with a hole in it, and type the hole's "
        "text key by key, accepting what is right when it is shown. Reports what an editor would "
        "have seen. The files are not changed. A trace, as `serve --trace` records it, is replayed "
        "instead: without a server or a model, and telling what is different from what it says.",
    )
    drive.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="file to type in, or a trace"
    )
    drive.add_argument("--workspace", type=Path, metavar="DIR", help="its repository (found by it)")
    drive.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    drive.add_argument(
        "--pace",
        type=_number(0, 60_000),
        default=60,
        metavar="MS",
        help="milliseconds from key to key (60); 0 types as soon as the last key is answered",
    )
    drive.add_argument(
        "--lines",
        type=_number(1, 100_000),
        default=30,
        metavar="N",
        help="lines to type (30)",
    )
    drive.add_argument(
        "--picture",
        type=Path,
        metavar="SVG",
        help="save the screen with the longest right suggestion as a picture",
    )
    drive.add_argument("--json", action="store_true", help="print the result as JSON")
    drive.set_defaults(run=_drive)

    index = commands.add_parser(
        "index",
        help="build or refresh the index of a directory",
        description="Index a directory, as far as that has not been done before, and tell what the "
        "index holds. It is kept in your cache directory, or in $SPARK_LSP_CACHE.",
    )
    index.add_argument("directory", type=Path, metavar="DIR", help="the workspace")
    index.add_argument("--json", action="store_true", help="print the result as JSON")
    index.set_defaults(run=_index)

    context = commands.add_parser(
        "context",
        help="what a model would be shown at a place, with tokens and reasons",
        description="Tell what would be sent to a model for a completion at a place of a file, "
        "block by block. Nothing is sent. Line and column count from 1; so do the lines of "
        "blocks, whose last line is included. Tokens are exact, by OpenAI's o200k vocabulary.",
    )
    context.add_argument("place", metavar="FILE:LINE:COL", help="where, such as main.py:12:5")
    context.add_argument(
        "--budget",
        type=_number(2_000, 2_000_000),
        default=128_000,
        metavar="TOKENS",
        help="tokens of the model's window (128000)",
    )
    context.add_argument("--workspace", type=Path, metavar="DIR", help="its repository")
    how = context.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print the blocks as JSON")
    how.add_argument("--text", action="store_true", help="print exactly what would be sent")
    context.set_defaults(run=_context)

    complete = commands.add_parser(
        "complete",
        help="one completion, streamed to standard output",
        description="Complete at a place of a file. Line and column count from 1.",
    )
    complete.add_argument("place", metavar="FILE:LINE:COL", help="where, such as main.py:12:5")
    complete.add_argument("--workspace", type=Path, metavar="DIR", help="its repository")
    complete.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    complete.set_defaults(run=_complete)

    _add_eval(commands)
    _add_task(commands)
    _add_stats(commands)
    _add_doctor(commands)
    _add_bench(commands)
    return parser


def _add_bench(commands: "argparse._SubParsersAction[_Parser]") -> None:
    bench = commands.add_parser(
        "bench",
        help="measure the budgets against their baselines",
        description="Measure on this machine. Each figure stands beside a baseline from the same "
        "run, because machines differ and ratios carry over. index, context and memory measure on "
        "a repository, which is only read: by default the standard library of Python.",
    )
    bench.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="start, text, session, typing, recovery, engine, index, context, memory, transport, "
        "stream",
    )
    bench.add_argument("--repository", type=Path, metavar="DIR", help="what is measured on")
    bench.add_argument(
        "--file",
        default="",
        metavar="PATH",
        help="the file in it that is opened and typed in (one that defines much)",
    )
    bench.add_argument("--json", action="store_true", help="print the result as JSON")
    bench.set_defaults(run=_bench)


def _add_task(commands: "argparse._SubParsersAction[_Parser]") -> None:
    task = commands.add_parser(
        "task",
        help="have a deeper model do something in the background",
        description="Have an agent (the Codex CLI) do something with the model set under "
        "[background], in a worktree of its own: your files stay as they are. Shown are its plan "
        "and what it does, then what it has changed and why; you are asked before anything is "
        "written. Ctrl-C ends it where it is and shows what there is. Exit status 0 means that it "
        "came to its end.",
    )
    task.add_argument(
        "instruction", metavar="INSTRUCTION", nargs="?", default="", help="what is to be done"
    )
    task.add_argument(
        "--workspace", type=Path, metavar="DIR", help="the repository (the current directory)"
    )
    finish = "review and complete what is not committed yet; the instruction may be left out"
    task.add_argument("--finish", action="store_true", help=finish)
    since = "the same for all since a commit, or since this branch left another one"
    task.add_argument("--since", metavar="REVISION", help=since)
    task.add_argument(
        "--commands", action="store_true", help="let it ask to run commands, each time"
    )
    task.add_argument("--yes", action="store_true", help="write what it has changed, unasked")
    task.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    task.add_argument("--json", action="store_true", help="print the result as JSON")
    task.set_defaults(run=_task)


def _add_eval(commands: "argparse._SubParsersAction[_Parser]") -> None:
    evaluation = commands.add_parser(
        "eval",
        help="hold out code of a repository, complete it, score it",
        description="Hold out code of a repository, have a real server complete it, and tell how "
        "much of it came as it was written: rests of lines, uses of names from other files, "
        "bodies of functions, and what typing with it saves, beside what an editor can do without "
        "a model. The files are not changed, and the same repository gives the same tasks. Exit "
        "status 0 means that every question was answered, 1 that some were not.",
    )
    evaluation.add_argument("directory", type=Path, metavar="DIR", help="the repository")
    evaluation.add_argument(
        "--tasks",
        type=_number(1, 100_000),
        default=200,
        metavar="N",
        help="pieces of each kind to hold out, at most (200)",
    )
    evaluation.add_argument(
        "--files",
        type=_number(0, 10_000),
        default=12,
        metavar="N",
        help="files to type in, at most (12)",
    )
    evaluation.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    evaluation.add_argument(
        "--picture",
        type=Path,
        metavar="SVG",
        help="save a picture of how well confidence tells right from wrong",
    )
    evaluation.add_argument("--json", action="store_true", help="print the result as JSON")
    evaluation.set_defaults(run=_eval)


def _add_stats(commands: "argparse._SubParsersAction[_Parser]") -> None:
    stats = commands.add_parser(
        "stats",
        help="what was shown, accepted and kept; all of it stays on this machine",
        description="Tell what became of suggestions: how many were shown and accepted, how fast "
        "they came, what is left of them. The figures are counted in all editors on this machine "
        "and kept in your data directory, or in $SPARK_LSP_DATA. Nothing is sent.",
    )
    stats.add_argument(
        "--days", type=_number(1, 400), metavar="N", help="the last N days (all there are)"
    )
    stats.add_argument("--json", action="store_true", help="print the figures as JSON")
    stats.set_defaults(run=_stats)


def _add_doctor(commands: "argparse._SubParsersAction[_Parser]") -> None:
    doctor = commands.add_parser(
        "doctor",
        help="what works, what does not, and what to do about it",
        description="Check step by step what completions need: configuration, key, network, "
        "certificate, connection, the model's answer and its latency, the embedded engine, the "
        "index. A configured model is asked for a short answer; of your files nothing is sent. "
        "Exit status 0 means that all works, 1 that something does not.",
    )
    doctor.add_argument("--config", type=Path, metavar="FILE", help="configuration file")
    doctor.add_argument("--workspace", type=Path, metavar="DIR", help="repository (this directory)")
    doctor.add_argument("--json", action="store_true", help="print the result as JSON")
    doctor.set_defaults(run=_doctor)


def _serve(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli import serve

    return serve.run(arguments.tcp, arguments.config, arguments.trace)


def _backend(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli import backend

    return backend.run(arguments.host, arguments.port, arguments.workspace)


def _drive(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli import drive

    return drive.run(arguments)


def _index(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli import index

    return index.run(arguments)


def _context(arguments: argparse.Namespace) -> int:
    begun = perf_counter()

    from spark_lsp.cli import context

    return context.run(arguments, begun)


def _complete(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli import complete

    return complete.run(arguments)


def _eval(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli.evaluation import command

    return command.run(arguments)


def _task(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli.task import command

    return command.run(arguments)


def _stats(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli import stats

    return stats.run(arguments)


def _doctor(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli import doctor

    return doctor.run(arguments)


def _bench(arguments: argparse.Namespace) -> int:
    from spark_lsp.cli.bench import command

    return command.run(
        arguments.names, arguments.repository, arguments.file, as_json=arguments.json
    )
