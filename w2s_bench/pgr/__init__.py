"""PGR rows: score records and per-item scores in, table rows and tie groups out.

:mod:`cells` joins the fits of a teacher, a student and a ceiling; :mod:`table` makes a row of each cell and
pools of a domain; :mod:`row_stats` adds the secondary columns; :mod:`tie_groups` ranks methods. The room may
import ``metrics``, ``records``, ``stats`` and ``suite``.
"""
