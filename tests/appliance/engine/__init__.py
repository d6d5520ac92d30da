"""The stand-in for the Java tools behind rsautil.

Runs on any Python from 3.9 on, with the standard library only and with few imports: it is started for every test.
"""
