"""GLUE's sets of single sentences: one commit of the hub for all of them."""

from w2s_bench.sources import HubSource


def glue(config: str) -> HubSource:
    """Sentences and labels; the labels of the official test split are not public, so the validation split is
    the test set."""
    return HubSource(
        path="nyu-mll/glue",
        config=config,
        revision="bcdcba79d07bc864c1c254ccfcedcce55bcc9a8c",
        columns=("sentence", "label"),
        test="validation",
    )
