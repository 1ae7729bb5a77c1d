"""`fellowship completion`: shell completion of verbs, options, recipes and runs."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from fellowship.cli.exit_codes import EPILOG, Exit

VARIABLE = "_FELLOWSHIP_COMPLETE"
"""What click looks for when the shell asks."""


@click.command("completion", epilog=EPILOG)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script of a shell.

    \b
    Examples:
      fellowship completion bash >> ~/.bashrc
      fellowship completion zsh >> ~/.zshrc
      fellowship completion fish > ~/.config/fish/completions/fellowship.fish
    """
    made = get_completion_class(shell)
    assert made is not None
    root = ctx.find_root().command
    script = made(root, {}, "fellowship", VARIABLE)
    click.echo(script.source_template % script.source_vars())
    return Exit.DONE
