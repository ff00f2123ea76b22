"""The PostgreSQL that ml-connector carries with it, for when no DATABASE_URL is set.

Owns: the data directory, its locks, and the life of the server in it. Must not know: tables, roles, tenants, or what
the connections it hands out are used for.
Invariant: whether a server of this directory lives is asked of a kernel lock which every PostgreSQL process of the
directory inherits, never of a process number; a signal goes only to a process proved to be that server.

The locks, all advisory (flock), all dropped by the kernel when their process dies:

    service.lock   held by the one running service
    gate.lock      held while the server is being started, joined or stopped
    holders.lock   shared by every process that uses the server; who can take it alone was the last
    server.lock    shared by PostgreSQL itself and all its children

So there is no list of holders to prune, and nothing to repair after a kill -9. Containers that share the directory but
not their process numbers see each other too.
"""

from ml_connector.store.embedded.directory import DataDirectory, ServiceClaim
from ml_connector.store.embedded.errors import AlreadyRunning, EmbeddedServerError
from ml_connector.store.embedded.server import EmbeddedServer, install_signal_release

__all__ = [
    "AlreadyRunning",
    "DataDirectory",
    "EmbeddedServer",
    "EmbeddedServerError",
    "ServiceClaim",
    "install_signal_release",
]
