"""Errors that a user can fix: one line with the problem, its place, what was expected and the fix."""


class UserError(Exception):
    """Bad input from outside; the command line prints it as one line and exits with 2.

    ``what`` is wrong, ``where`` (file, key, line, row), what was ``expected``, and how to ``mend`` it. Bugs
    of this package are assertions, never this.
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", mend: str = "") -> None:
        self.what, self.where, self.expected, self.mend = what, where, expected, mend
        super().__init__(what, where, expected, mend)  # all in args: it survives pickling by a worker

    def __reduce__(self) -> tuple:
        return _rebuild, (type(self), self.what, self.where, self.expected, self.mend)

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        if self.expected:
            line += f"; expected {self.expected}"
        if words := self.mend.split():
            if words[0].isalpha():  # a command or a path keeps its letters
                words[0] = words[0][0].upper() + words[0][1:]
            line += ". " + " ".join(words)
        return " ".join(line.split())


def _rebuild(cls: type, what: str, where: str, expected: str, mend: str) -> UserError:
    return cls(what, where=where, expected=expected, mend=mend)


class UnknownName(UserError):
    """A task, method, model or suite that nobody registered."""


class BadSuite(UserError):
    """A suite file that does not parse or does not validate."""


class BadData(UserError):
    """A data set that is missing, lacks a column, or holds a row that no task can use."""


class BadModel(UserError):
    """A model that cannot be loaded or does not fit the task."""


class StoreError(UserError):
    """The store cannot be read or written: no space, no permission, a damaged artifact."""


class FitFailed(UserError):
    """Training ended in something that is not a number, or a method broke its contract."""
