"""The command line: one verb, one file. Parses arguments, calls a use case, renders what it returns.

Does not know how anything is done. `docs/cli.md` is the contract.
"""
