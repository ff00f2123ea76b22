"""The sandbox: strict emulators of the vendors over real HTTP on loopback, and a seeded demo company.

Owns: what the vendors' APIs do (auth, limits, paging, validation, quirks) and the books they keep.
Must not know: anything of ``ml_connector``; the two are written from the vendors' facts by different hands.
Invariant: what an emulator accepts or refuses is decided by its vendor's facts, never by what our product sends.
"""
