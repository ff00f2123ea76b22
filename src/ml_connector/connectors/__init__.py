"""The code that knows one vendor each.

Owns: the vendor's addresses, consent, limits, paging, fields and error codes, and the translation to canonical documents.
Must not know: any database, any other connector, which integration uses it.
Invariant: every folder has the same file names (auth client read write translate limits errors webhooks) and one
class that fulfils ``base.Connector``; a folder is found by scan, so a new vendor edits nothing else.
"""
