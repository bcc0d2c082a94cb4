"""The folder of one run: scored fits in, files out, and back again for reports.

The room may import ``records``, ``store`` and ``task``.
"""
