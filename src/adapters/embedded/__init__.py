"""The stores and the event log in SQLite files: nothing to install, nothing lost.

The only package that knows sqlite3. One folder holds one system's files, see ``folder``.
"""
