"""Law as functions: what follows from a procedure, a history, a calendar and an instant.

Standard library only. Nothing here reads a clock, a disk, a database or the network, and nothing here
logs. See PROCEDURES in docs/ for the language it interprets and DESIGN's verbs for how functions are named.
"""
