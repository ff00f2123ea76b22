"""ml-connector keeps a company's field-service, accounting and procurement systems in agreement.

Arrows go down only: ``cli, web -> service -> lanes -> sync -> integrations -> connectors -> transport -> canonical``
and ``service, lanes, sync -> audit -> store -> sealing``.
"""

__version__ = "0.1.0"
