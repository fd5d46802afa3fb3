"""The progress of a build on a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterator

from rich import progress
from rich.console import Console, RenderableType
from rich.table import Column
from rich.text import Text


class BookDisplay(progress.Progress):
    """A title, a bar, percent, time left and figures in one line, a sentence below it. Only the
    title and the sentence are cut where there is no room."""

    def __init__(self, console: Console) -> None:
        self.below = ""
        """The sentence."""
        super().__init__(
            progress.TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            progress.BarColumn(16),
            progress.TaskProgressColumn(table_column=Column(no_wrap=True)),
            progress.TimeRemainingColumn(table_column=Column(no_wrap=True)),
            progress.TextColumn("{task.fields[figures]}", table_column=Column(no_wrap=True)),
            console=console,
            expand=True,
        )

    def get_renderables(self) -> Iterator[RenderableType]:
        """Yields what is shown, from the top."""
        yield self.make_tasks_table(self.tasks)
        if self.below:
            yield Text(self.below, no_wrap=True, overflow="ellipsis", style="dim")
