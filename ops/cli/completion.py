"""`daytwo completion SHELL`: the script that lets a shell complete commands and options."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  daytwo completion bash > ~/.local/share/bash-completion/completions/daytwo
    zsh:   daytwo completion zsh > "${fpath[1]}/_daytwo"
    fish:  daytwo completion fish > ~/.config/fish/completions/daytwo.fish
    """  # noqa: D301, DOC501 - click shows this text as help: \b (a real backspace) keeps its lines, and errors do not belong there
    completion_class = get_completion_class(shell)
    if completion_class is None:
        raise click.UsageError(f"click has no completion for {shell}")
    click.echo(completion_class(context.find_root().command, {}, "daytwo", "_DAYTWO_COMPLETE").source())
